"""What made-up residents and staff say, by language. Data: no city is named, and nobody lives by these names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sayings:
    """The sentences of one language. Mails have {number} and {service} in them."""

    told: Sequence[str]
    done: Sequence[str]
    refused: Sequence[str]
    wrong: Sequence[str]
    received: tuple[str, str]
    ended: tuple[str, str]


BY_LANGUAGE: Final[Mapping[str, Sayings]] = {
    "en": Sayings(
        told=(
            "It has been like this for about a week.",
            "I walk past here every day and nobody has come yet.",
            "Please have a look, it is getting worse.",
            "Right in front of the house, on the street side.",
            "My neighbors have noticed it too.",
            "It was fine last month.",
            "Somebody could get hurt here.",
            "On the corner, next to the bus stop.",
            "I saw it this morning on my way to work.",
            "It is hard to get past with a stroller.",
            "This is the second time this year.",
            "Behind the parked cars, you have to look closely.",
            "The children cross here on their way to school.",
            "After dark you cannot see it at all.",
            "Thank you for taking care of it.",
            "Best seen from the alley.",
        ),
        done=(
            "Our crew was there and took care of it.",
            "Done today. Thank you for telling us.",
            "This has been taken care of.",
            "The work is finished. Please tell us if something is left.",
            "We came by and finished it the same day.",
            "Everything is back in order.",
        ),
        refused=(
            "We looked and found nothing at this place.",
            "We cannot do this now. The reason is our work plan for this year.",
            "It was gone when our crew arrived.",
            "This is private property, where we may not work.",
        ),
        wrong=(
            "It is still there.",
            "Only a part of it was done.",
            "It came back after two days.",
        ),
        received=(
            "We have your report {number}: {service}",
            "Thank you. We have your report.\n\nYour number is {number}.\n",
        ),
        ended=(
            "Finished: {service} ({number})",
            "The work on your report {number} is finished. If it is not fixed, tell us on its page.\n",
        ),
    ),
    "es": Sayings(
        told=(
            "Lleva así como una semana.",
            "Paso por aquí todos los días y nadie ha venido.",
            "Por favor revísenlo, cada vez está peor.",
            "Justo enfrente de la casa, del lado de la calle.",
            "Mis vecinos también lo han visto.",
            "Alguien se puede lastimar aquí.",
            "En la esquina, junto a la parada del autobús.",
            "Es la segunda vez este año.",
            "Los niños pasan por aquí camino a la escuela.",
            "De noche no se ve nada.",
        ),
        done=(),
        refused=(),
        wrong=("Sigue igual.", "Solo arreglaron una parte."),
        received=(
            "Ya tenemos su reporte {number}: {service}",
            "Gracias. Ya tenemos su reporte.\n\nSu número es {number}.\n",
        ),
        ended=(
            "Terminado: {service} ({number})",
            "El trabajo de su reporte {number} terminó. Si no quedó bien, díganos en su página.\n",
        ),
    ),
}

FIRST_NAMES: Final = (
    "Rosa", "Jim", "Aisha", "Karl", "Mei", "Luz", "Pat", "Sara", "Tom", "Ana", "Dev", "Nora", "Ivan",
    "Lea", "Omar", "June", "Ed", "Marta", "Greg", "Yuki", "Carla", "Ben", "Ines", "Paul", "Dana",
    "Luis", "Kim", "Fatima", "Hugo", "Elsa", "Ray", "Tina",
)  # fmt: skip
LAST_NAMES: Final = (
    "Medina", "Tully", "Noor", "Brandt", "Wong", "Herrera", "O'Neill", "Lind", "Okoye", "Prieto",
    "Shah", "Voss", "Petrov", "Fontaine", "Haddad", "Park", "Castle", "Silva", "Olsen", "Mori",
    "Reyes", "Novak", "Diaz", "Baker", "Tran", "Cole", "Ruiz", "Berg", "Khan", "Moss", "Vega", "Ward",
)  # fmt: skip


def sayings(language: str) -> Sayings:
    """The sentences of a language; English ones where there are none."""
    return BY_LANGUAGE.get(language, BY_LANGUAGE["en"])
