# One image for every process of ours. The commands are in docker-compose.yml.
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/data
WORKDIR /app

# For manage.py backup and restore: the version that docker-compose.yml runs.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
# The base image comes without bytecode, and the user below can keep none: each process would compile all it imports.
RUN python -m compileall -q -x site-packages "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

COPY manage.py CHANGELOG.md LICENSE ./
COPY config config
COPY digest digest
COPY subscriptions subscriptions
COPY templates templates
COPY static static
RUN python -m compileall -q .

# The data folder belongs to the user before a volume is mounted there: a new volume inherits that.
RUN SECRET_KEY=for-this-step-only DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build \
    && useradd --system --uid 10001 --home-dir /app paperboy \
    && install -d -o paperboy -g paperboy /data
USER paperboy
VOLUME /data
EXPOSE 8000

CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--access-logfile", "-", "--no-control-socket"]
