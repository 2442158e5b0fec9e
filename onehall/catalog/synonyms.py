"""Everyday words that mean the same to residents, per language, already folded (small letters, no accents).

Every line is one meaning. They widen a search; a city's own keywords always count more.
"""

from typing import Final

SAME: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "en": (
        ("light", "lamp", "streetlight", "lamppost", "bulb", "lighting"),
        ("dark", "out", "unlit"),
        ("trash", "garbage", "rubbish", "waste", "refuse", "litter", "junk"),
        ("bin", "can", "cart", "container", "dumpster"),
        ("pothole", "hole", "crater", "pavement", "asphalt"),
        ("road", "street", "roadway", "lane"),
        ("sidewalk", "footpath", "walkway"),
        ("noise", "noisy", "loud", "music", "party", "racket"),
        ("graffiti", "tagging", "spray", "paint", "vandalism"),
        ("tree", "branch", "limb", "trunk", "palm"),
        ("dog", "puppy", "pet", "animal"),
        ("dumping", "dumped", "abandoned", "mattress", "sofa", "couch", "furniture"),
        ("car", "vehicle", "truck", "van"),
        ("signal", "stoplight", "semaphore"),
        ("sewer", "drain", "gutter", "manhole"),
        ("flood", "flooding", "puddle", "overflow"),
        ("leak", "leaking", "burst"),
        ("broken", "damaged", "cracked", "busted", "smashed"),
        ("homeless", "encampment", "tent", "unhoused"),
        ("bike", "bicycle", "cycle", "cycling"),
        ("bus", "transit"),
        ("ticket", "citation", "fine"),
        ("pickup", "collection", "collected", "collect"),
        ("missed", "skipped", "forgotten"),
        ("question", "ask", "help", "information", "info"),
        ("rat", "rats", "mouse", "mice", "rodent", "pest"),
        ("bathroom", "restroom", "toilet"),
        ("playground", "park", "swing", "slide"),
        ("bulky", "large", "oversized"),
    ),
    "es": (
        ("luz", "farola", "lampara", "foco", "bombilla", "alumbrado", "poste"),
        ("apagada", "apagado", "fundida", "fundido", "oscura", "oscuro"),
        ("basura", "desechos", "residuos", "desperdicios"),
        ("bote", "contenedor", "cubo", "cesto", "papelera"),
        ("bache", "hoyo", "pozo", "agujero", "socavon"),
        ("calle", "camino", "calzada", "carretera", "pavimento"),
        ("acera", "banqueta", "vereda"),
        ("ruido", "musica", "fiesta", "ruidoso"),
        ("grafiti", "pintada", "grafitis", "pintas"),
        ("arbol", "rama", "palmera"),
        ("perro", "mascota", "animal"),
        ("tirado", "abandonado", "colchon", "sofa", "muebles"),
        ("coche", "carro", "auto", "vehiculo"),
        ("semaforo",),
        ("alcantarilla", "drenaje", "desague"),
        ("inundacion", "charco", "encharcamiento"),
        ("fuga", "gotea"),
        ("roto", "rota", "danado", "danada"),
        ("recogida", "recoleccion", "recogieron", "recogen", "recogido"),
        ("multa", "infraccion"),
        ("pregunta", "ayuda", "informacion", "duda"),
        ("bano", "sanitario"),
    ),
}
"""Groups of words with one meaning."""

# fmt: off
STOP: Final = frozenset({
    "a", "an", "and", "are", "at", "be", "been", "by", "can", "do", "does", "for", "from",
    "had", "has", "have", "how", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or",
    "our", "please", "so", "some", "that", "the", "there", "these", "they", "this", "to",
    "too", "was", "we", "were", "what", "when", "where", "which", "who", "will", "with",
    "would", "you", "your", "near", "front", "outside", "next", "house", "home", "al", "con",
    "de", "del", "el", "ella", "en", "es", "esta", "este", "favor", "fuera", "ha", "hay", "la",
    "las", "le", "lo", "los", "mi", "mis", "mucho", "muy", "no", "para", "pero", "por", "que",
    "se", "ser", "si", "sin", "son", "su", "sus", "tiene", "un", "una", "unas", "uno", "unos",
    "y", "ya", "casa", "frente", "cerca",
})
# fmt: on
"""Words that say nothing about the service."""
