# hitzoo with the CUDA build of torch, for `docker run --gpus all`; docs/clusters.md says how to run it.
# torch's wheels bring CUDA's libraries along, so neither stage has them twice, and there is no compiler in the image.

FROM nvidia/cuda:13.0.1-base-ubuntu24.04 AS build
ENV DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1
# hadolint ignore=DL3008  # Ubuntu's archive keeps no earlier versions; the tag above and constraints.txt pin the rest
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/hitzoo
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY hitzoo hitzoo
COPY specs specs
COPY zoo zoo
RUN /opt/hitzoo/bin/pip install --no-cache-dir --constraint constraints.txt '.[data,heic]'

FROM nvidia/cuda:13.0.1-base-ubuntu24.04
ENV DEBIAN_FRONTEND=noninteractive
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hitzoo \
    && install --directory --owner hitzoo --mode 1777 /cache /workspace
COPY --from=build /opt/hitzoo /opt/hitzoo
# All that is written lies in /workspace, /cache and /tmp, so that the root can be read-only.
ENV PATH=/opt/hitzoo/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    HITZOO_CACHE=/cache/hitzoo \
    HF_HOME=/cache/huggingface \
    TORCH_HOME=/cache/torch \
    TRITON_CACHE_DIR=/cache/triton \
    TORCHINDUCTOR_CACHE_DIR=/cache/inductor
USER 10001
VOLUME /cache
WORKDIR /workspace
ENTRYPOINT ["hitzoo"]
CMD ["--help"]
