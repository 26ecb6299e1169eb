FROM python:3.13-slim-trixie AS build
# requirements-telemetry.txt has besides what traces and Sentry need: docker build --build-arg REQUIREMENTS=requirements-telemetry.txt .
ARG REQUIREMENTS=requirements.txt
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements-build.txt ${REQUIREMENTS} ./
# Neither environment gets a pip of its own, this stage's one installs into both; nothing that builds is left in the last stage.
RUN python -m venv --without-pip /hatch && python -m venv --without-pip /venv \
    && pip --python /hatch/bin/python install --only-binary :all: --require-hashes -r requirements-build.txt \
    && pip --python /venv/bin/python install --only-binary :all: --require-hashes -r ${REQUIREMENTS}
COPY pyproject.toml README.md LICENSE NOTICE app_manifest.yaml ./
COPY bot bot
COPY flows flows
COPY pismo pismo
COPY storage storage
# Compiled while it is installed, since the user that runs it cannot write there: each start is quicker by it.
RUN pip --python /hatch/bin/python wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /venv/bin/python install --no-index --no-deps /wheel/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Pismo onboarding bot" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# The base has a pip of its own, which nothing here needs.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/*-packages/pip* /usr/local/lib/python3*/ensurepip \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin onboarding \
    && install --directory --owner onboarding --group onboarding --mode 0700 /data
COPY --from=build /venv /venv
# HOME: also for a user that the system does not know, as some clusters give one.
ENV PATH=/venv/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite+aiosqlite:////data/onboarding.db
WORKDIR /data
# By number, so that a cluster can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 3000
# Alive, not ready: a bot that Slack cannot be reached from keeps trying and must not be killed for it.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["python", "-I", "-c", "\
import http.client, os, sys; \
ask = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('OPS_PORT') or os.environ['PORT']), timeout=2); \
ask.request('GET', '/healthz'); \
sys.exit(ask.getresponse().status != 200)"]
ENTRYPOINT ["pismo-onboarding"]
CMD ["run"]
