"""The web page and its HTTP API.

It needs the extra `serve` (Starlette and uvicorn), which `app` and `server` alone import. `operations` is the table of
what can be asked, `openapi` describes it, `app` routes by it, `answers` answers, `limits` and `security` refuse.
`drawings` and `catalogue` hold what comes in and the networks; `look`, `weights` and `equation` look inside;
`settings`, `trainings`, `observer` and `one_step` train; `samples` keeps a learner's own drawings.
"""
