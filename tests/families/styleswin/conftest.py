from tests.layers.conftest import _one_thread, randn

__all__ = ["_one_thread", "randn"]
