"""How the city's topics are called on pages: for topics that say too little, or too much, by themselves.

Every other topic is called what the intake list calls it.
"""

from typing import Final

NAMES: Final = {
    "BBB Website Feedback": "Big Blue Bus website",
    "Bayside/3rd Street Promenade": "3rd Street Promenade",
    "Bayside/3rd Street Promenade (Maintenance)": "3rd Street Promenade maintenance",
    "Beach": "Beach facilities",
    "Big Blue Bus": "Big Blue Bus, anything else",
    "Blue at Night": "Blue at Night bus",
    "Bus Stops-Already In Service": "Bus stop in service",
    "Container/Container Placement Issues": "Trash and recycling containers",
    "Council Misc.": "City Council, something else",
    "Debris": "Construction debris",
    "Employment": "Jobs at the city",
    "Equipment Repair": "Traffic signal repair",
    "Events": "Noise from events",
    "Expo LIne": "Expo Line",
    "Fares": "Bus fares",
    "Fares/TAP": "Bus fares and TAP cards",
    "Fees/penalties": "Business license fees and penalties",
    "Graffiti - private property": "Graffiti on private property",
    "Graffiti - public property": "Graffiti on public property",
    "Homeless-Related Issues": "Police: homelessness",
    "Hours": "Construction hours",
    "Illegal Operations": "Business without a license",
    "Lost & Found": "Lost and found on the bus",
    "Maintenance": "Expo Line maintenance",
    "Maintenance (Beach)": "Beach maintenance",
    "Miscellaneous ISD": "Information systems",
    "Mobile App": "Library mobile app",
    "Mobility, Circulation & Planning": "Expo Line mobility and planning",
    "Noise": "Noise at a construction site",
    "Other": "Something else",
    "Parking Citations - Contesting": "Contest a parking citation",
    "Parking Citations Payment": "Pay a parking citation",
    "Parking Issues": "Parking at a construction site",
    "Parking Meter - Other": "Parking meter, something else",
    "Pass Up": "Bus passed me by",
    "Pier (Maintenance)": "Pier maintenance",
    "Police Issues": "Homelessness: police",
    "Public Space Issues": "Homelessness: public space",
    "SMAlerts, Emergency Mass Notification System": "SMAlerts emergency messages",
    "Schedules & Routes/Service Changes": "Bus schedules and routes",
    "Security & Enforcement": "Expo Line security",
    "Signage Complaints": "Parking signs",
    "Signal Timing": "Traffic signal timing",
    "Social Service Issues": "Homelessness: social services",
    "Trash - Illegal Dumping": "Illegal dumping",
    "Trees - Sidewalk Damage": "Sidewalk damage from trees",
    "Truck Traffic": "Construction trucks",
    "Volunteering": "Volunteering for the environment",
}

SUMMARIES: Final = {
    "Animal Control": "A stray, hurt or dead animal.",
    "Barking Dogs": "A dog that barks for hours.",
    "Big Blue Bus Safety": "Something unsafe on a bus or at a stop.",
    "Broken Parking Meter": "It takes no coins or cards, or shows the wrong time.",
    "Bus Operator Compliments": "Say thank you to a driver.",
    "Container/Container Placement Issues": "A broken, missing or badly placed container.",
    "Fences/Hedges": "Too high, or in the way.",
    "Graffiti - private property": "On a house, a fence or a shop.",
    "Graffiti - public property": "On a sign, a wall, a bench or the sidewalk.",
    "Leafblowers": "A leaf blower at work.",
    "Lost & Found": "Something left on a Big Blue Bus.",
    "Parking & Traffic Enforcement Issues": "A car that blocks, speeds or stays too long.",
    "Potholes": "A hole in the road.",
    "Refuse & Recycling Pick-up": "The truck did not come, or left something behind.",
    "Street Signs & Markings": "A sign or line that is missing, bent or worn.",
    "Streetlights": "A light that is out, flickers, or burns all day.",
    "Traffic Signals": "A signal that is dark, stuck or turned.",
    "Trash - Illegal Dumping": "A mattress, a sofa or bags left on the street.",
    "Tree Trimming": "Branches in the way of people, cars or lights.",
    "Trip Hazards": "A cracked or raised sidewalk.",
    "Water Conservation": "Water that runs to waste, and how to save it.",
}
"""For what is asked most; the others say which department answers."""

OVER: Final = frozenset({"February 2017 Service & Schedule Change"})
"""Topics of one occasion that is over: their history keeps them, residents are not offered them."""


def name_of(topic: str, group: str) -> str:
    """What a topic is called: never "Other" alone, for a list shows it without its group."""
    if topic.startswith("Other ("):
        return f"{group}, something else"
    return NAMES.get(topic, topic)
