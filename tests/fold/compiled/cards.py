"""The cards that the kernels are compiled for, one for each set of limits and instructions that NVIDIA sells."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.fold.triton.tiling import Device

KIB = 1024
REGISTERS = 65536
"""Of a streaming multiprocessor, on all of them."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """`device` is what hitzoo asks of it; `examples` are products.

    `processor_shared` bytes of shared memory are a multiprocessor's, of which each program takes `RESERVED` for the
    system; `columns` are of tensor memory.
    """

    device: Device
    examples: str
    processor_shared: int
    columns: int = 0

    @property
    def arch(self) -> int:
        """The number in the compiler's name of it."""
        major, minor = self.device.capability
        return 10 * major + minor

    @property
    def name(self) -> str:
        return f"sm_{self.arch}"


RESERVED = KIB
CARDS = (
    Card(
        device=Device(processors=108, shared=163 * KIB, capability=(8, 0)),
        examples="A100, A30",
        processor_shared=164 * KIB,
    ),
    Card(
        device=Device(processors=84, shared=99 * KIB, capability=(8, 6)),
        examples="RTX 30, A10, A40",
        processor_shared=100 * KIB,
    ),
    Card(
        device=Device(processors=128, shared=99 * KIB, capability=(8, 9)),
        examples="RTX 40, L4, L40S",
        processor_shared=100 * KIB,
    ),
    Card(
        device=Device(processors=132, shared=227 * KIB, capability=(9, 0)),
        examples="H100, H200, GH200",
        processor_shared=228 * KIB,
    ),
    Card(
        device=Device(processors=148, shared=227 * KIB, capability=(10, 0)),
        examples="B200, GB200",
        processor_shared=228 * KIB,
        columns=512,
    ),
    Card(
        device=Device(processors=170, shared=99 * KIB, capability=(12, 0)),
        examples="RTX 50, RTX PRO 6000",
        processor_shared=100 * KIB,
    ),
)
