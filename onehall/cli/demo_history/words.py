"""What the demo's residents and crews write. Keys are services; "" is for all others."""

from typing import Final

RESIDENTS: Final[dict[str, list[str]]] = {
    "pothole": [
        "My kid swerves around this every morning. It fills with water so you cannot see how deep it is.",
        "Deep hole right in the bike lane.",
        "Hit it last night and got a flat.",
        "It was patched in spring and is open again.",
        "Hay un bache muy hondo, los carros se pasan al otro carril.",
    ],
    "street-light-out": [
        "Dark since Friday. The corner feels unsafe at night.",
        "The lamp flickers and then goes out.",
        "Whole side of the block is dark.",
        "La lámpara de la esquina no prende desde hace días.",
    ],
    "graffiti": [
        "Fresh tags on the wall by the bus stop.",
        "Again, same wall.",
        "Rayaron la pared de la escuela.",
    ],
    "illegal-dumping": [
        "A couch and six bags, since Sunday.",
        "Somebody leaves mattresses here every month.",
        "Dejaron llantas y bolsas en la banqueta.",
    ],
    "missed-collection": [
        "The truck passed our street and left the blue bins.",
        "No pasaron por la basura el martes.",
    ],
    "fallen-tree": [
        "Big branch over the sidewalk after the wind.",
        "It hangs on the wires, please look soon.",
    ],
    "blocked-drain": [
        "Leaves cover the drain, water stands to the door.",
        "La coladera está tapada y la calle se inunda.",
    ],
    "full-bin": ["Overflowing, gulls pull everything out.", "The bin at the bench is full again."],
    "noise": ["Music until three, again.", "Leaf blower at 6 in the morning."],
    "abandoned-vehicle": ["Gray van, flat tires, same spot for five weeks."],
    "parked-in-the-way": ["Blocks our driveway every evening."],
    "sidewalk-damage": [
        "The roots lifted the slab, my mother fell.",
        "Wheelchairs have to go on the road here.",
    ],
    "water-leak": ["Water comes up between the curb and the road."],
    "": [
        "Please have a look.",
        "It has been like this for a while.",
        "Thank you for taking care of it.",
        "",
        "",
        "Por favor vengan a ver.",
    ],
}

CREWS: Final[dict[str, list[str]]] = {
    "pothole": [
        "Cut out square and filled with hot asphalt. Open to traffic now.",
        "Filled and rolled. Mind the fresh edge for a day.",
    ],
    "street-light-out": [
        "New lamp and fuse. It is lit again.",
        "The cable was damaged, we replaced 30 feet of it.",
    ],
    "graffiti": ["Painted over in the color of the wall.", "Washed off with hot water."],
    "illegal-dumping": ["All taken away, curb swept."],
    "missed-collection": ["We came back this morning and emptied the bins."],
    "fallen-tree": ["Branch cut up and taken away. The tree is sound."],
    "blocked-drain": ["Leaves and mud taken out, the water runs."],
    "full-bin": ["Emptied, and we added a second day to the round."],
    "sidewalk-damage": ["Slab ground level and the edge marked."],
    "": ["Done. Thank you for telling us.", "We looked into it and took care of it."],
}

NOT_FOUND: Final = [
    "We looked on both sides of the street and found nothing. Send a photo if it is still there.",
    "Nothing there when we came. Please tell us the nearest house number.",
]
QUESTIONS: Final = ["Which side of the street is it on?", "Can you send a photo from closer by?"]
ANSWERS: Final = [
    "North side, by the blue gate.",
    "Between the bakery and the corner.",
    "Sent one just now.",
]
NOTES: Final = [
    "Gas main runs 2 feet from the edge. No saw cutting on the north side.",
    "Second time this quarter, look at the base.",
    "Dog in the yard, ring first.",
    "Needs the small truck.",
]
STILL_WRONG: Final = [
    "It sank again after the first rain.",
    "Still dark.",
    "Only half of it was taken.",
]
NAMES: Final = (
    "Rosa Medina", "Jim Tully", "Aisha Noor", "Karl Brandt", "Mei Wong", "Luz Herrera", "Pat O'Neill",
    "Sara Lind", "Tom Okoye", "Ana Prieto", "Dev Shah", "Nora Voss", "Ivan Petrov", "Lea Fontaine",
    "Omar Haddad", "June Park", "Ed Castle", "Marta Silva", "Greg Olsen", "Yuki Mori",
)  # fmt: skip
