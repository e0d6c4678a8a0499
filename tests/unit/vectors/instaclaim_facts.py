#!/usr/bin/env python3
"""Reduces InstaClaim's AsyncAPI document to the facts that the catalogue must hold, one member of a payload per line:
TYPE STATE MEMBER required|optional type format|- nullable|- VALUES|-
usage: instaclaim_facts.py ASYNCAPI.json >instaclaim_facts.txt"""
import json
import sys

STATES = {("outbox", None): "emitted", ("outbox", "planned"): "planned", ("synthetic", None): "test"}

for name, channel in json.load(open(sys.argv[1]))["channels"].items():
    state = STATES[channel["x-instaclaim-delivery"], channel.get("x-instaclaim-emission")]
    payload = channel["publish"]["message"]["payload"]
    for member, schema in payload["properties"].items():
        known = {"type", "format", "nullable", "enum", "const"}
        assert not set(schema) - known, schema
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        print(name, state, member, "required" if member in payload["required"] else "optional", schema["type"],
              schema.get("format", "-"), "nullable" if schema.get("nullable") else "-",
              ("enum:" if "enum" in schema else "const:") + ",".join(values) if values else "-")
