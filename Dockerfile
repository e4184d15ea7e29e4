# The image of a production server. `make image` builds it: it brings the wheels of both distributions and the locked
# wheels of what they need into dist/, so that the build asks no network.
#
# BASE needs Python 3.13 with venv, as python3. The default is the official image, by digest.
ARG BASE=docker.io/library/python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${BASE} AS build
COPY requirements.lock packaging/image/strip.py dist/*.whl /build/
COPY dist/locked /build/locked
# What is installed is what the lock names, with its hashes. pip goes once it has done its work,
# and so does what the server never loads: a build tree and extensions of the CEL package, self-tests, symbols.
RUN python3 -m venv /opt/cryptoserve \
    && /opt/cryptoserve/bin/python -m pip install --quiet --no-cache-dir --no-index --find-links /build/locked \
        --no-compile --require-hashes --only-binary=:all: --requirement /build/requirements.lock \
    && /opt/cryptoserve/bin/python -m pip install --quiet --no-cache-dir --no-index --no-deps --no-compile /build/*.whl \
    && /opt/cryptoserve/bin/python -m pip uninstall --quiet --yes setuptools pip \
    && rm -rf /opt/cryptoserve/bin/pip* /opt/cryptoserve/bin/*ctivate* \
    && cd /opt/cryptoserve/lib/python3*/site-packages \
    && rm -rf bazel-project cel_expr_python/ext Cryptodome/SelfTest \
    && python3 /build/strip.py /opt/cryptoserve \
    && find /opt/cryptoserve -depth -name __pycache__ -type d -exec rm -rf {} +

FROM ${BASE}
LABEL org.opencontainers.image.title="CryptoServe" \
      org.opencontainers.image.licenses="Apache-2.0"
# What the base has for installing packages is taken out: nothing is installed into a running image.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
        /usr/lib/python3*/ensurepip /usr/share/python-wheels /usr/lib/python3/dist-packages/pip* /usr/bin/pip* \
        /var/cache/apt/* /var/lib/apt/lists/* /root/.cache \
    && mkdir -p /var/lib/cryptoserve /etc/cryptoserve \
    && chown 10001:10001 /var/lib/cryptoserve \
    && chmod 0700 /var/lib/cryptoserve
COPY --from=build /opt/cryptoserve /opt/cryptoserve
ENV PATH=/opt/cryptoserve/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/cryptoserve
VOLUME /var/lib/cryptoserve
EXPOSE 8200
STOPSIGNAL SIGTERM
# Alive, sealed or not: whether it is unsealed is for load balancers to ask. BAO_ADDR and BAO_CACERT say where it listens.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD cryptoserve status >/dev/null; [ $? -ne 1 ]
ENTRYPOINT ["cryptoserve"]
CMD ["server", "-config=/etc/cryptoserve"]
