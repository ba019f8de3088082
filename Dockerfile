# The worker. Built in two stages, so that what runs has no pip cache, sources or build files.
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
# First what changes rarely: the dependencies of a worker, none of the tools for development.
COPY deploy/worker.lock deploy/worker.lock
RUN pip install --require-hashes --no-deps --only-binary=:all: --requirement deploy/worker.lock
COPY . .
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/escalation --create-home escalation
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
USER escalation
WORKDIR /var/lib/escalation
VOLUME /var/lib/escalation
CMD ["python", "-m", "worker"]
