"""Words for the Santa Monica pack that the data does not have: city facts, the flow, icons, synonyms."""

from typing import Any, Final

type Doc = dict[str, Any]

CITY: Final[Doc] = {
    "slug": "santa-monica",
    "name": "Santa Monica",
    "time_zone": "America/Los_Angeles",
    "languages": ["en"],
    "hosts": [],
    "contact": {"words": "Ask at City Hall, or write to us here."},
    "emergency": {
        "number": "911",
        "words": "Is someone in danger? Call 911 first, then tell us.",
    },
    "outside": {"words": "This place is outside Santa Monica."},
    "numbering": {"width": 5},
    "map": {"center": [-118.4865, 34.0195], "zoom": 14},
}

_DAY = ["08:00-17:00"]
CALENDAR: Final[Doc] = {
    "hours": {
        "mon": _DAY,
        "tue": _DAY,
        "wed": _DAY,
        "thu": _DAY,
        "fri": _DAY,
        "sat": [],
        "sun": [],
    },
    "holidays": {"country": "US", "subdivision": "CA", "observed": True},
}

FLOW: Final[Doc] = {
    "key": "request",
    "name": "Request",
    "stages": [
        {"key": "received", "label": "Received"},
        {"key": "checked", "label": "Checked"},
        {"key": "working", "label": "Being worked on"},
        {"key": "done", "label": "Done"},
    ],
    "start": "received",
    "states": {
        "received": {"category": "submitted", "stage": "received", "label": "Received", "words": "We have your request. A person reads it next."},
        "checked": {"category": "review", "stage": "checked", "label": "Checked", "words": "A person has read it and sent it to a team."},
        "working": {"category": "working", "stage": "working", "label": "Being worked on", "words": "A team is on it."},
        "waiting": {"category": "waiting_applicant", "stage": "checked", "label": "Waiting for you", "words": "We asked you something."},
        "on_hold": {"category": "on_hold", "stage": "checked", "label": "On hold", "words": "We have to wait for something."},
        "done": {"category": "resolved", "stage": "done", "label": "Done", "words": "We are done. Tell us if something is not right.", "timers": [{"after": {"days": 7}, "fire": "settle"}]},
        "closed": {"category": "closed", "stage": "done", "label": "Closed"},
        "handed_over": {"category": "closed", "stage": "done", "label": "Handed over"},
        "declined": {"category": "denied", "stage": "done", "label": "Declined"},
    },
    "outcomes": {
        "done": {"label": "Done", "to": "done", "needs": ["words"]},
        "nothing_found": {"label": "Nothing found", "to": "done", "needs": ["words"]},
        "not_ours": {"label": "Not ours", "to": "handed_over", "needs": ["words", "handed_to"]},
        "declined": {"label": "Declined", "to": "declined", "needs": ["words"]},
    },
    "moves": {
        "check": {"from": ["received"], "to": "checked", "by": ["agent", "supervisor", "crew"], "label": "Mark as checked", "icon": "check"},
        "start": {"from": ["received", "checked"], "to": "working", "by": ["crew", "supervisor", "agent"], "purpose": "start", "label": "Start work", "icon": "tools"},
        "close": {"from": ["@open"], "to": "$outcome", "by": ["crew", "agent", "supervisor"], "purpose": "close", "label": "Close with an answer", "icon": "flag"},
        "ask": {"from": ["received", "checked", "working"], "to": "waiting", "by": ["agent", "crew", "supervisor"], "purpose": "ask", "needs": ["message"], "label": "Ask the resident", "icon": "chat"},
        "answer": {"from": ["waiting"], "to": "$previous", "by": ["resident", "agent"], "purpose": "answer", "label": "Answer", "icon": "chat"},
        "hold": {"from": ["received", "checked", "working"], "to": "on_hold", "by": ["agent", "supervisor", "crew"], "needs": ["reason"], "label": "Put on hold", "icon": "pause"},
        "resume": {"from": ["on_hold"], "to": "$previous", "by": ["agent", "supervisor", "crew"], "label": "Go on", "icon": "go"},
        "accept": {"from": ["done"], "to": "closed", "by": ["resident"], "purpose": "accept", "label": "Yes, it is done", "icon": "check"},
        "dispute": {"from": ["done", "closed"], "to": "checked", "by": ["resident"], "purpose": "dispute", "label": "No, not done", "icon": "x"},
        "withdraw": {"from": ["received", "checked", "waiting"], "to": "closed", "by": ["resident"], "purpose": "withdraw", "label": "I no longer need this"},
        "settle": {"from": ["done"], "to": "closed", "by": ["system"], "purpose": "settle"},
        "reopen": {"from": ["done", "closed", "handed_over", "declined"], "to": "checked", "by": ["agent", "supervisor"], "purpose": "reopen", "needs": ["reason"], "label": "Open again", "icon": "undo"},
    },
}  # fmt: skip

GROUP_ICONS: Final = {
    "ADA Issues": "ramp", "Animals": "dog", "Beach": "beach", "Bicycles": "bike", "Big Blue Bus": "bus",
    "Business License": "shop", "Cable TV": "link", "Cemetery": "leaf", "City Council": "bank",
    "City Facilities/Locations": "building", "Code Enforcement": "scale", "Construction": "hammer",
    "Consumer Issues": "shop", "Cultural & Arts": "star", "Customer Service Issues": "chat",
    "Emergency Preparedness": "warn", "Environmental Issues - Impacts": "leaf",
    "Events Permitted by City": "calendar", "EXPO - Light Rail Line": "bus", "Fiber Optic Service": "link",
    "Filming": "camera", "Fire Department": "fire", "Graffiti": "spray", "Homeless-Related Issues": "tent",
    "Housing": "home", "Human Resources": "people", "Leafblowers": "noise", "Library": "doc",
    "Miscellaneous": "question", "Noise": "noise", "Parking Issues": "parking",
    "Parks and Recreation": "swing", "Planning": "map", "Police": "shield", "Refuse and Recycling": "bin",
    "Rent Control": "key", "Streetlights": "lamp", "Streets and Sidewalks": "road", "Taxis": "car",
    "Traffic Issues": "crosswalk", "Traffic Signals": "signal", "Trees": "tree", "Water Services": "drop",
    "Zoning": "area", "Former topics": "inbox",
}  # fmt: skip

GROUP_NAMES: Final = {
    "City Facilities/Locations": "City facilities and places",
    "Environmental Issues - Impacts": "Environment",
    "Events Permitted by City": "Permitted events",
    "EXPO - Light Rail Line": "Expo Line light rail",
    "Homeless-Related Issues": "Homelessness",
}
"""Groups whose heading reads badly as it stands in the data."""

QUEUE_ICONS: Final = {
    "Big Blue Bus": "bus", "City Attorney": "scale", "City Clerk": "doc", "City Council": "bank",
    "City Manager": "building", "Community & Cultural Services": "star", "Finance": "bill", "Fire": "fire",
    "Housing & Economic Development": "home", "Human Resources": "people",
    "Information Systems Division": "link", "Library": "note", "Planning & Community Development": "map",
    "Police": "shield", "Public Works": "road", "Rent Control": "key",
}  # fmt: skip

PROVEN: Final = frozenset({
    "Curb Ramps", "Graffiti - private property", "Graffiti - public property", "Potholes", "Streetlights",
    "Street Signs & Markings", "Trash - Illegal Dumping", "Trip Hazards", "Weed & Debris Control",
})  # fmt: skip
"""What is mended in the street: the crew ends it with a photo of the work."""

NOT_PUBLIC: Final = frozenset({
    "Police", "Homeless-Related Issues", "Housing", "Human Resources", "Rent Control", "Consumer Issues",
    "Customer Service Issues", "Business License", "City Council", "Former topics", "Fire Department",
})  # fmt: skip
"""Groups whose requests are about people rather than about the street."""

SUFFIXES: Final = {
    "ST": "Street", "AVE": "Avenue", "BLVD": "Boulevard", "PL": "Place", "TER": "Terrace", "RD": "Road",
    "DR": "Drive", "PROM": "Promenade", "HWY": "Highway", "FWY": "Freeway", "WAY": "Way", "LANE": "Lane",
}  # fmt: skip

SYNONYMS: Final[tuple[tuple[frozenset[str], list[str]], ...]] = (
    (frozenset({"potholes"}), ["pothole", "hole in the road", "broken asphalt"]),
    (frozenset({"streetlights"}), ["street light out", "lamp", "dark street", "light pole"]),
    (
        frozenset({"trip"}),
        ["cracked sidewalk", "raised sidewalk", "uneven sidewalk", "trip and fall"],
    ),
    (frozenset({"graffiti"}), ["tagging", "spray paint", "vandalism"]),
    (frozenset({"refuse", "trash"}), ["garbage", "missed pick-up", "trash", "recycling"]),
    (frozenset({"container"}), ["trash can", "bin", "cart"]),
    (frozenset({"dumping"}), ["mattress", "sofa on the street", "furniture", "abandoned"]),
    (frozenset({"leafblowers"}), ["leaf blower", "gardener", "blower noise"]),
    (frozenset({"barking"}), ["dog barking", "loud dog"]),
    (frozenset({"leash"}), ["dog off leash", "loose dog"]),
    (frozenset({"noise"}), ["loud", "noisy"]),
    (frozenset({"meter"}), ["parking meter", "meter took my money"]),
    (frozenset({"citations"}), ["parking ticket", "fine"]),
    (frozenset({"trees", "tree"}), ["branch", "fallen tree"]),
    (frozenset({"signals", "signal"}), ["traffic light", "stoplight"]),
    (frozenset({"crosswalks", "crosswalk"}), ["crossing", "pedestrian crossing"]),
    (frozenset({"sewer"}), ["drain", "sewage", "smell"]),
    (frozenset({"water"}), ["leak", "water bill"]),
    (frozenset({"homeless"}), ["encampment", "unhoused", "tent"]),
    (frozenset({"bus"}), ["transit", "bus line"]),
    (frozenset({"lost"}), ["left on the bus", "lost item"]),
    (frozenset({"permits", "permit"}), ["permit"]),
    (frozenset({"rent"}), ["landlord", "tenant", "rent increase"]),
    (frozenset({"records"}), ["police report", "copy of a report"]),
    (frozenset({"weed"}), ["overgrown", "weeds"]),
    (frozenset({"hedges"}), ["hedge", "fence too high"]),
    (frozenset({"rentals"}), ["airbnb", "vacation rental"]),
    (frozenset({"parks"}), ["park", "playground"]),
    (frozenset({"curb", "accessibility", "ada"}), ["wheelchair", "ramp", "disability"]),
)
"""Words of a topic or group, and what residents say instead."""
