"""What the hosted page says, in the languages it speaks. It is another company's page, so its words are its own."""

from typing import Final

from onehall.kernel import money

LANGUAGES: Final = ("en", "es")

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Pay",
        "demo": "This is a demonstration. No money moves.",
        "demo_more": "The cards and accounts below exist nowhere. Never type a real number here.",
        "to_pay": "To pay",
        "total": "Total",
        "how": "Pay with",
        "card": "Test cards",
        "bank": "Test bank accounts",
        "bank_more": "A transfer takes a moment to arrive; until then the payment is on its way.",
        "ending": "ending in {}",
        "declined_card": "always declined",
        "bouncing": "comes back unpaid",
        "pay": "Pay {}",
        "slow": "Pay slowly",
        "slow_more": "The answer takes some seconds, as on a bad day.",
        "decline": "Have it declined",
        "try": "Or try what else can happen",
        "back": "Go back without paying",
        "save_title": "Save a card or account",
        "save_more": "Nothing is charged now. The city charges it later, as you agreed with the city.",
        "save": "Save it",
        "save_back": "Go back without saving",
        "expiring": "expires next month",
        "done_ready": "This is saved.",
        "was_declined": "Not paid: {} Choose another one, or try again.",
        "choose": "Choose a card or an account first.",
        "done_paid": "This is paid.",
        "done_processing": "The payment is on its way.",
        "done_failed": "The payment failed.",
        "done_cancelled": "This payment was cancelled.",
        "done_expired": "This page has expired. Nothing was paid.",
        "done_back": "Back to the city",
        "missing": "There is no such payment page",
        "missing_more": "The address may be cut short. Go back to the city's page and begin again.",
        "down": "Out of order",
        "down_more": "The demo provider was told to be down. Try again later.",
        "by": "Demo Pay stands for a payment company",
    },
    "es": {
        "title": "Pagar",
        "demo": "Esto es una demostración. No se mueve dinero.",
        "demo_more": "Las tarjetas y cuentas de abajo no existen. Nunca escriba aquí un número real.",
        "to_pay": "Por pagar",
        "total": "Total",
        "how": "Pagar con",
        "card": "Tarjetas de prueba",
        "bank": "Cuentas bancarias de prueba",
        "bank_more": "Una transferencia tarda un momento en llegar; hasta entonces el pago está en camino.",
        "ending": "terminada en {}",
        "declined_card": "siempre rechazada",
        "bouncing": "se devuelve sin pagar",
        "pay": "Pagar {}",
        "slow": "Pagar despacio",
        "slow_more": "La respuesta tarda unos segundos, como en un mal día.",
        "decline": "Hacer que se rechace",
        "try": "O pruebe qué más puede pasar",
        "back": "Volver sin pagar",
        "save_title": "Guardar una tarjeta o cuenta",
        "save_more": "Ahora no se cobra nada. La ciudad cobra después, como usted acordó con ella.",
        "save": "Guardar",
        "save_back": "Volver sin guardar",
        "expiring": "vence el próximo mes",
        "done_ready": "Ya está guardada.",
        "was_declined": "No se pagó: {} Elija otra o inténtelo de nuevo.",
        "choose": "Primero elija una tarjeta o una cuenta.",
        "done_paid": "Esto está pagado.",
        "done_processing": "El pago está en camino.",
        "done_failed": "El pago falló.",
        "done_cancelled": "Este pago se canceló.",
        "done_expired": "Esta página caducó. No se pagó nada.",
        "done_back": "Volver a la ciudad",
        "missing": "No existe esta página de pago",
        "missing_more": "Puede que la dirección esté incompleta. Vuelva a la página de la ciudad y empiece de nuevo.",
        "down": "Fuera de servicio",
        "down_more": "Se pidió al proveedor de demostración que no funcione. Inténtelo más tarde.",
        "by": "Demo Pay representa a una empresa de pagos",
        "Your card was declined.": "Su tarjeta fue rechazada.",
        "Your card has insufficient funds.": "Su tarjeta no tiene fondos suficientes.",
        "The bank account was closed.": "La cuenta bancaria fue cerrada.",
    },
}


def language_of(tag: str) -> str:
    """The language to speak for a tag like "es-419" or "es,en;q=0.8"; English where there is none of ours."""
    for each in tag.lower().split(","):
        code = each.split(";")[0].strip().split("-")[0]
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]


def in_words(amount: int, currency: str) -> str:
    """An amount for people: "$1,234.50" or "1,234.50 CHF"; in Spanish too, as the United States write it."""
    digits = money.places(currency)
    whole, part = divmod(abs(amount), 10**digits)
    text = f"{whole:,}" + (f".{part:0{digits}}" if digits else "")
    sign = money.SIGNS.get(currency)
    said = f"{sign}{text}" if sign else f"{text} {currency}"
    return f"−{said}" if amount < 0 else said
