# syntax=docker/dockerfile:1
# One image for web, worker, beat and commands: docs/operations.md, section 5.
# The Python the suite runs on; every 3.11 or newer will do.
ARG PYTHON_VERSION=3.11
ARG NODE_VERSION=24

# --- the front end: static/dist, out of the locked packages ---------------------------------------------
FROM node:${NODE_VERSION}-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY assets assets
RUN npm run build

# --- the Python packages, each checked against its hash ---------------------------------------------------
FROM python:${PYTHON_VERSION}-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/base.txt requirements/base.txt
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/base.txt

# --- what runs -------------------------------------------------------------------------------------------
FROM python:${PYTHON_VERSION}-slim AS runtime
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUTF8=1 \
    DJANGO_SETTINGS_MODULE=ltc.settings \
    LTC_DATA=/var/lib/ltc \
    LTC_STATIC=/app/static/collected \
    LTC_LOG_FORMAT=json \
    LTC_BIND=0.0.0.0 \
    PORT=8000
# A fixed number, so that volumes and host folders can be given to it. Only the data folder is its own.
RUN groupadd --gid 10001 ltc \
    && useradd --uid 10001 --gid ltc --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ltc \
    && install --directory --owner ltc --group ltc --mode 0750 /var/lib/ltc /var/lib/ltc/backups
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=assets /app/static/dist static/dist
# Settings want their secrets even to collect files; these are none, and stay in this one line.
RUN python -m ltc.messages compile \
    && LTC_SECRET_KEY=build LTC_LOG_KEY=build DATABASE_URL=postgres://build/build REDIS_URL=redis://build \
       python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q /app /venv
USER 10001:10001
EXPOSE 8000
VOLUME ["/var/lib/ltc"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "ltc.observe.probe", "web"]
CMD ["gunicorn"]
