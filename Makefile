# One line a target; what a target runs is in noxfile.py. Words for the program: make test ARGS="-k names"
NOX = .venv/bin/nox --session
.PHONY: help venv demo test quick coverage slow serve world bench site picture screenshots filled lint lock

help: ; @sed -nE 's/^([a-z]+): .*## ([a-z].*)/\1: \2/p' Makefile
venv: .venv/stamp ## make .venv from the locks
demo: .venv/stamp ; @.venv/bin/certdesk demo $(ARGS) ## watch the main job from end to end
test: .venv/stamp ; @$(NOX) tests -- $(ARGS) ## run the tests
quick: .venv/stamp ; @$(NOX) quick -- $(ARGS) ## run the tests that need no server, in a minute
coverage: .venv/stamp ; @$(NOX) coverage -- $(ARGS) ## run the tests and show what of the program they run through
slow: .venv/stamp ; @$(NOX) slow -- $(ARGS) ## run the tests that take minutes
serve: .venv/stamp ; @.venv/bin/certdesk serve $(ARGS) ## start the desk on http://127.0.0.1:8080
world: .venv/stamp ; @.venv/bin/certdesk world $(ARGS) ## start DNS and a web server on loopback, to try the desk with
bench: .venv/stamp ; @.venv/bin/python -m bench $(ARGS) ## measure the hot paths
site: .venv/stamp ; @$(NOX) site ## build the pages as a site in site/html, and check its links
picture: .venv/stamp ; @$(NOX) picture ## draw the terminal of the README from a run of the demo
screenshots: .venv/stamp ; @$(NOX) screenshots ## make a picture of each page of the console in the folder screenshots
filled: .venv/stamp ; @.venv/bin/python -m tests.releases.making ## keep filled databases of this version, for later upgrades
lint: .venv/stamp ; @$(NOX) lint types -- $(ARGS) ## check style, types and the direction of imports
lock: .venv/stamp ; @$(NOX) lock -- $(ARGS) ## resolve the locks again (ARGS=--upgrade takes new releases)
.venv/stamp: requirements/uv.txt requirements/dev.txt requirements/clients.txt requirements/oidc.txt assets/package-lock.json ; @$(or $(PYTHON),python3) tools/venv.py
