"""Property tests here are judged by their answers; a busy machine may take its time."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
