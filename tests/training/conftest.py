from tests.kernels.conftest import reference_models

__all__ = ["reference_models"]
