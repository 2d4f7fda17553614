.PHONY: venv
venv: .venv/stamp
.venv/stamp: requirements/uv.txt requirements/dev.txt ; @$(or $(PYTHON),python3) tools/venv.py
