"""Diagnosis of trainings: measurements, and problems with advice."""

from byhand.diagnosis.findings import diagnose
from byhand.diagnosis.problem import Problem
from byhand.diagnosis.record import Record, read_run
from byhand.diagnosis.watch import Watch

__all__ = ["Problem", "Record", "Watch", "diagnose", "read_run"]
