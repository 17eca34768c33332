"""Aliases."""

from __future__ import annotations

from typing import Any

from ..engine.body import Body
from ..errors import bad_body
from ..http.messages import Request
from ..http.router import Router


class Create(Body):
    collection_name: str
    alias_name: str


class Delete(Body):
    alias_name: str


class Rename(Body):
    old_alias_name: str
    new_alias_name: str


class Action(Body):
    create_alias: Create | None = None
    delete_alias: Delete | None = None
    rename_alias: Rename | None = None


class Actions(Body):
    actions: list[Action]


def register(router: Router) -> None:
    router.add("POST", "/collections/aliases", change, frozenset({"timeout"}))
    router.add("GET", "/aliases", list_all)
    router.add("GET", "/collections/{collection}/aliases", list_of_collection)


def change(request: Request) -> bool:
    steps: list[tuple[str, str, str]] = []
    for action in request.json(Actions).actions:
        given = [part for part in (action.create_alias, action.delete_alias, action.rename_alias) if part is not None]
        if len(given) != 1:
            raise bad_body("an action must be one of create_alias, delete_alias, rename_alias")
        if action.create_alias is not None:
            steps.append(("create", action.create_alias.alias_name, action.create_alias.collection_name))
        elif action.delete_alias is not None:
            steps.append(("delete", action.delete_alias.alias_name, ""))
        elif action.rename_alias is not None:
            steps.append(("rename", action.rename_alias.old_alias_name, action.rename_alias.new_alias_name))
    request.state.registry.change_aliases(steps)
    return True


def _shown(aliases: dict[str, str]) -> dict[str, Any]:
    return {"aliases": [{"alias_name": alias, "collection_name": name} for alias, name in sorted(aliases.items())]}


def list_all(request: Request) -> dict[str, Any]:
    return _shown(request.state.registry.aliases())


def list_of_collection(request: Request) -> dict[str, Any]:
    registry = request.state.registry
    name = registry.get(request.collection_name).name
    return _shown({alias: target for alias, target in registry.aliases().items() if target == name})
