FROM python:3.13-slim-trixie AS build
COPY requirements.txt .
# The environment gets no pip of its own: the build's one installs into it, and nothing that builds is left in the last stage.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes \
       -r requirements.txt

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin onboarding \
    && install --directory --owner onboarding --group onboarding --mode 0700 /data
COPY --from=build /venv /venv
WORKDIR /bot
COPY app_manifest.yaml .
COPY bot bot
COPY flows flows
COPY pismo pismo
COPY storage storage
# Compiled now, since the user that runs it cannot write here: each start is quicker by it.
RUN /venv/bin/python -m compileall -q bot flows pismo storage
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite+aiosqlite:////data/onboarding.db
USER onboarding
VOLUME /data
EXPOSE 3000
# Alive, not ready: a bot that Slack cannot be reached from keeps trying and must not be killed for it.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
ask = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('OPS_PORT') or os.environ['PORT']), timeout=2); \
ask.request('GET', '/healthz'); \
sys.exit(ask.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
