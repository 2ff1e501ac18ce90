"""Phone numbers that an SMS can reach."""


def mobile(number: str | None) -> str | None:
    """Return a mobile number as E.164, None when it is none; in Sweden unless it says otherwise."""
    import phonenumbers  # noqa: PLC0415 - three megabytes that only those who send SMS need

    try:
        parsed = phonenumbers.parse(number or "", "SE")
    except phonenumbers.NumberParseException:
        return None
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) not in kinds:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
