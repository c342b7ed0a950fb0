# The bot in a small image, without root. Nothing but /data and /tmp is written: where records are in a
# file, mount a volume at /data. No secret is needed to build, and none may be given.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build
ENV CARGO_PROFILE_RELEASE_STRIP=symbols
# The crates first, over a program that does nothing, so that a change of our own files does not build
# them again. It fails when it is run, so that it can never be taken for the bot.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src data \
    && echo 'fn main() { panic!() }' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked
# The dialogue files and the fonts are built into the program. Cargo goes by times, and those of the copied
# files can be older than the crates.
COPY assets assets
COPY dialogues dialogues
COPY src src
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked \
    && target/release/backtalk check

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/backtalk /usr/local/bin/backtalk
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /build/data /data
# The file of records is then below /data, unless BACKTALK_STORE or REDIS_URL says otherwise.
ENV XDG_STATE_HOME=/data
USER 65532:65532
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/backtalk", "health"]
ENTRYPOINT ["/usr/local/bin/backtalk"]
CMD ["run"]
