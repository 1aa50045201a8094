# docker build -t swiftlet . && docker run -p 1883:1883 swiftlet     the broker, on this machine
# docker build --target dist --output .build-dist .                  programs, packages, board configs: for all routers
# docker build --target test .                                       all that is checked before a change is accepted

FROM swift:6.3.1-bookworm AS toolchain
WORKDIR /swiftlet
ENV SWIFTLET_VENV=/opt/swiftlet ZIG_GLOBAL_CACHE_DIR=/opt/zig-cache
# Each on its own, so that what it makes is kept until it changes itself.
COPY toolchains/install toolchains/machines toolchains/
RUN toolchains/install && rm -rf /var/lib/apt/lists/*
COPY toolchains/common toolchains/libc toolchains/targets toolchains/
RUN toolchains/libc all

FROM toolchain AS build
COPY . .
RUN toolchains/build all && toolchains/check all && toolchains/audit all && toolchains/size
RUN toolchains/package all
RUN mkdir /dist && cp -r board-configs .build-cross/packages /dist && cd .build-cross && cp --parents */swiftlet /dist

FROM build AS test
RUN toolchains/test

FROM scratch AS dist
COPY --from=build /dist /

FROM scratch AS run
COPY --from=build /dist/x86_64/swiftlet /usr/sbin/swiftlet
COPY --from=build /dist/board-configs/x86_64-*/board.conf /etc/swiftlet/board.conf
USER 65534:65534
EXPOSE 1883
ENTRYPOINT ["/usr/sbin/swiftlet", "/etc/swiftlet/board.conf"]
