"""The live stream: a small asyncio process that keeps the connections of open pages.

Nothing here but `handoff` imports Django, so that the process stays small.
"""
