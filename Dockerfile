# The bot in a small image, without root. Records are kept in /data: mount a volume there.
FROM rust:1.95-bookworm AS build
WORKDIR /build
# Dependencies first, so that a change of our own code does not build them again.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src dialogues && echo "fn main() {}" > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked && rm -rf src dialogues
COPY . .
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/backtalk /usr/local/bin/backtalk
ENV BACKTALK_STORE=/data/backtalk.sqlite
VOLUME /data
ENTRYPOINT ["/usr/local/bin/backtalk"]
CMD ["run"]
