# The bot in a small image, without root. Nothing but /data and /tmp is written: where records are in a
# file, mount a volume at /data. No secret is needed to build, and none may be given.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build
ENV CARGO_PROFILE_RELEASE_STRIP=symbols
# cargo-auditable writes the list of crates into the program, where scanners look for it, and
# cargo-cyclonedx writes it with licences and hashes beside it. Both only write lists, so neither needs to
# be optimised.
RUN cargo install --debug --locked --root tools cargo-auditable@0.7.7 cargo-cyclonedx@0.5.9
# The crates first, over a program that does nothing, so that a change of our own files does not build
# them again. It fails when it is run, so that it can never be taken for the bot. Cargo wants to see the
# benchmarks that Cargo.toml names, though none is built.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src data benches \
    && sed -n '/^\[\[bench\]\]/{n;s,^name = "\(.*\)"$,benches/\1.rs,p}' Cargo.toml | xargs touch \
    && echo 'fn main() { panic!() }' > src/main.rs \
    && touch src/lib.rs \
    && tools/bin/cargo-auditable auditable build --release --locked \
    && tools/bin/cargo-cyclonedx cyclonedx --format json --spec-version 1.5 --describe crate
# The dialogue files and the fonts are built into the program. Cargo goes by times, and those of the copied
# files can be older than the crates.
COPY assets assets
COPY dialogues dialogues
COPY src src
RUN touch src/main.rs src/lib.rs \
    && tools/bin/cargo-auditable auditable build --release --locked \
    && target/release/backtalk check

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/backtalk /usr/local/bin/backtalk
COPY --from=build /build/backtalk.cdx.json /usr/share/sbom/backtalk.cdx.json
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /build/data /data
# The file of records is then below /data, unless BACKTALK_STORE or REDIS_URL says otherwise.
ENV XDG_STATE_HOME=/data
USER 65532:65532
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/backtalk", "health"]
ENTRYPOINT ["/usr/local/bin/backtalk"]
CMD ["run"]
