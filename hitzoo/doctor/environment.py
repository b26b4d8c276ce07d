"""The environment variables that change what torch, its libraries and hitzoo do."""

from __future__ import annotations

import os

from hitzoo.doctor.report import Fact, Section

_SHOWN = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_PROC_BIND", "KMP_AFFINITY", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS", "CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING",
    "NVIDIA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG",
    "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_NO_CUDA_MEMORY_CACHING", "PYTORCH_ENABLE_MPS_FALLBACK",
    "TORCH_COMPILE_DISABLE", "TORCHDYNAMO_DISABLE", "TRITON_INTERPRET", "HIP_VISIBLE_DEVICES", "NCCL_DEBUG",
    "NCCL_P2P_DISABLE", "NCCL_IB_DISABLE", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "HF_HUB_OFFLINE", "LANG", "LC_ALL",
    "PYTHONIOENCODING",
)  # fmt: skip
_SET = (
    "LD_PRELOAD", "LD_LIBRARY_PATH", "HITZOO_CACHE", "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "TORCH_HOME",
    "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "XDG_CACHE_HOME", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME",
    "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE", "CC", "CXX", "CUDA_HOME", "PYTHONPATH",
)  # fmt: skip
"""Their values are paths, addresses and secrets."""


def environment() -> Section:
    """Variables that are set; of those that hold paths, addresses or secrets only that they are."""
    facts = [Fact(key=name, label=name, text=os.environ[name], value=os.environ[name]) for name in _here(_SHOWN)]
    facts += [Fact(key=name, label=name, text="set (not shown)", value=True) for name in _here(_SET)]
    return Section(
        key="environment",
        title="Environment",
        about="Variables that change what torch, its libraries and hitzoo do.",
        facts=tuple(facts),
    )


def _here(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if os.environ.get(name)]
