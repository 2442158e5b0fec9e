"""Places people name instead of an address, in English and Spanish, with what else they are called."""

from dataclasses import dataclass

from tools.port_alder.ground import BUILDINGS, LOOSE, Plot


@dataclass(frozen=True)
class Landmark:
    """A named point, in metres."""

    key: str
    kind: str
    en: str
    es: str
    aliases: tuple[str, ...]
    x: float
    y: float


# key, kind, English, Spanish, aliases in both languages; the point is the building or park of the same key,
# or of the key after the colon, or the two figures (metres) at the end.
_BUILT: list[tuple[str, str, str, str, str]] = [
    ("city-hall", "city", "City Hall", "Ayuntamiento", "town hall, city offices, mayor, alcaldía, municipio, palacio municipal"),
    ("fish-market", "market", "Fish Market", "Mercado de Pescado", "fish hall, seafood market, mercado de mariscos, pescadería"),
    ("central-library", "library", "Central Library", "Biblioteca Central", "main library, public library, biblioteca pública"),
    ("north-library", "library", "North Shore Library", "Biblioteca Orilla Norte", "north library, branch library, biblioteca del norte"),
    ("harbor-school:harbor-school-hall", "school", "Harbor School", "Escuela del Puerto", "harbor elementary, school on Mill Lane, primaria del puerto"),
    ("high-school:high-school-hall", "school", "Alder High School", "Preparatoria Alder", "high school, prepa, secundaria alder"),
    ("dunes-school:dunes-school-hall", "school", "Dunes Elementary School", "Primaria Las Dunas", "dunes school, escuela las dunas"),
    ("laurel-school:laurel-hall", "school", "Laurel School", "Escuela Laurel", "laurel elementary, primaria laurel"),
    ("college:college-hall", "school", "Alder Community College", "Colegio Comunitario Alder", "the college, campus, universidad"),
    ("courthouse", "city", "Courthouse", "Juzgado", "municipal court, traffic court, corte municipal, tribunal"),
    ("post-office", "office", "Post Office", "Oficina de correos", "mail, correo"),
    ("police-station", "safety", "Police Station", "Estación de policía", "police, comisaría"),
    ("fire-station-1", "safety", "Fire Station 1", "Estación de bomberos 1", "fire house, downtown fire station, bomberos centro"),
    ("fire-station-2", "safety", "Fire Station 2", "Estación de bomberos 2", "north fire station, bomberos norte"),
    ("hospital", "health", "Alder Bay Hospital", "Hospital Alder Bay", "hospital, emergency room, urgencias, sala de emergencias"),
    ("museum", "culture", "Maritime Museum", "Museo Marítimo", "ship museum, museo del mar"),
    ("theater", "culture", "Tide Theater", "Teatro Marea", "playhouse, movie theater, cine"),
    ("market-hall", "market", "Market Hall", "Mercado Municipal", "farmers market, covered market, mercado de agricultores"),
    ("aquarium", "culture", "Harbor Aquarium", "Acuario del Puerto", "fish tanks, acuario"),
    ("cannery", "work", "Old Cannery", "Antigua enlatadora", "cannery building, fábrica de conservas"),
    ("ferry-terminal", "transport", "Ferry Terminal", "Terminal del Ferry", "ferry landing, boat to north shore, embarcadero"),
    ("north-ferry-house", "transport", "North Landing", "Embarcadero Norte", "north ferry, ferry north shore, muelle norte"),
    ("transit-center", "transport", "Transit Center", "Central de autobuses", "bus station, bus depot, terminal de autobuses"),
    ("harbor-office", "city", "Harbor Office", "Oficina del Puerto", "harbor master, boat slips, capitanía del puerto"),
    ("boat-yard", "work", "Boat Yard", "Astillero", "boat repair, haul-out, taller de botes"),
    ("lighthouse", "landmark", "Alder Point Lighthouse", "Faro de Punta Alder", "the lighthouse, light house, el faro"),
    ("keepers-house", "culture", "Keeper's House", "Casa del farero", "lighthouse museum, museo del faro"),
    ("rec-center", "leisure", "Riverside Recreation Center", "Centro recreativo Ribera", "rec center, gym, gimnasio"),
    ("senior-center", "leisure", "Madrone Senior Center", "Centro para personas mayores Madrone", "senior center, tercera edad"),
    ("pool", "leisure", "City Pool", "Alberca municipal", "swimming pool, piscina"),
    ("grocery-south", "shop", "Driftwood Market", "Supermercado Driftwood", "grocery store south, tienda"),
    ("grocery-north", "shop", "North Shore Grocery", "Supermercado Orilla Norte", "grocery store north, tienda del norte"),
    ("church-harbor", "worship", "Harbor Chapel", "Capilla del Puerto", "church, iglesia"),
    ("armory", "leisure", "Old Armory", "Antigua armería", "armory hall, salón de la armería"),
    ("water-works", "city", "Water Works", "Planta de agua", "water plant, planta potabilizadora"),
    ("city-yard", "city", "City Yard", "Patio municipal", "public works yard, recycling drop-off, centro de reciclaje"),
    ("mill-shed", "culture", "Old Sawmill", "Antiguo aserradero", "saw mill, mill shed, molino"),
    ("fairground-hall", "leisure", "Fairground Hall", "Salón de la feria", "fairgrounds, county fair, feria"),
]  # fmt: skip
_GREEN: list[tuple[str, str]] = [
    ("cooper-green", "the green, Cooper park, el parque"), ("city-hall-square", "town square, plaza principal, zócalo"),
    ("tern-field", "soccer field, campo de fútbol"), ("anchor-park", "anchor statue, parque ancla"),
    ("pearl-playground", "playground on Pearl, juegos infantiles Pearl"), ("juniper-commons", "dog park, parque para perros"),
    ("spindrift-park", "spindrift playground, juegos infantiles Spindrift"), ("chandler-garden", "community garden, huerto"),
    ("shoal-ballfield", "baseball field, campo de béisbol"), ("madrone-park", "skate park, parque de patinaje"),
    ("hawthorn-square", "little square, placita"), ("sycamore-park", "sycamore playground, juegos Sycamore"),
    ("maple-playground", "playground on Maple, juegos Maple"), ("willow-bend-park", "river park, parque del río"),
    ("canal-garden", "rose garden, rosaleda"), ("kingfisher-park", "kingfisher playground, juegos Kingfisher"),
    ("lighthouse-park", "point park, tide pools, pozas de marea"), ("dunes-preserve", "the dunes, las dunas"),
    ("signal-hill", "the hill, viewpoint, mirador"), ("hillside-cemetery", "graveyard, panteón"),
    ("fish-market-square", "market square, plaza del mercado"), ("mill-yard", "mill park, parque del aserradero"),
    ("south-beach", "the beach, playa"), ("north-beach", "north shore beach, playa del norte"),
    ("harbor-sands", "family beach, playa familiar"), ("mill-pond", "duck pond, laguna de los patos"),
]  # fmt: skip
_POINTS: list[Landmark] = [
    Landmark("alder-harbor", "water", "Alder Harbor", "Bahía Alder", ("the bay", "harbor", "la bahía"), -420, 590),
    Landmark("alder-river", "water", "Alder River", "Río Alder", ("the river", "el río"), 1960, 668),
    Landmark("fish-pier", "pier", "Fish Pier", "Muelle Pesquero", ("fishing dock", "muelle de pesca"), 319, 440),
    Landmark("long-pier", "pier", "Long Pier", "Muelle Largo", ("the pier", "muelle grande"), 182, 530),
    Landmark("marina", "pier", "Alder Marina", "Marina Alder", ("boat harbor", "slips", "puerto deportivo"), -920, 150),
    Landmark("alder-bridge", "bridge", "Harbor Bridge", "Puente del Puerto", ("big bridge", "puente grande"), 1056, 455),
    Landmark("sawmill-bridge", "bridge", "Sawmill Bridge", "Puente del Aserradero", ("mill bridge", "puente del molino"), 1668, 660),
    Landmark("heron-footbridge", "bridge", "Heron Footbridge", "Puente peatonal Heron", ("foot bridge", "puente peatonal"), 2372, 500),
    Landmark("boat-ramp", "pier", "Public Boat Ramp", "Rampa pública para botes", ("launch ramp", "rampa"), -1230, 150),
]  # fmt: skip


def _spots(ground: list[Plot]) -> dict[str, tuple[float, float]]:
    spots = {key: grid.at(x, d) for key, grid, x, d, _, _ in BUILDINGS}
    spots |= {key: (x, y) for key, x, y, _, _ in LOOSE}
    for plot in ground:
        if plot.key and plot.key not in spots:
            middle = plot.shape.representative_point()
            spots[plot.key] = (middle.x, middle.y)
    return spots


def landmarks(ground: list[Plot]) -> list[Landmark]:
    """All named points, in a fixed order."""
    spots = _spots(ground)
    named = {p.key: p for p in ground if p.key and p.en}
    out: list[Landmark] = []
    for both, kind, en, es, aliases in _BUILT:
        key, _, where = both.partition(":")
        x, y = spots[where or key]
        out.append(Landmark(key, kind, en, es, tuple(aliases.split(", ")), x, y))
    for key, aliases in _GREEN:
        x, y = spots[key]
        kind = {"beach": "beach", "water": "water"}.get(named[key].kind, "park")
        out.append(
            Landmark(key, kind, named[key].en, named[key].es, tuple(aliases.split(", ")), x, y)
        )
    return [*out, *_POINTS]
