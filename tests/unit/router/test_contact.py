from services.router.domain import contact
from services.router.domain.contact import EPOCHS, MOVES, OCCUPYING, OFFER_MOVES, OPEN, next_generation
from shared.vocabulary import Channel, ContactState


def test_every_state_has_its_moves_and_every_open_one_an_end():
    assert set(MOVES) == set(ContactState)
    assert all(MOVES[state] for state in OPEN)
    assert not any(MOVES[state] for state in set(ContactState) - OPEN - OCCUPYING)


def test_an_offer_is_answered_once():
    assert set(OFFER_MOVES) == set(contact.OfferState)
    assert all(not OFFER_MOVES[state] for state in OFFER_MOVES[contact.OfferState.PENDING])


def test_every_channel_has_a_cost_within_an_agents_capacity():
    assert set(contact.COST) == set(Channel)
    assert all(0 < cost <= contact.CAPACITY for cost in contact.COST.values())


def test_a_generation_is_greater_than_all_before_even_when_the_clock_went_back():
    assert next_generation(1_600_000_000, 5, 99_999_999) == 100_000_000
    assert next_generation(1_700_000_000, 5) > next_generation(1_600_000_000, 5)


def test_epochs_stay_exact_in_every_json_reader():
    in_2080 = 3_471_292_800
    assert (next_generation(in_2080) + 1) * EPOCHS < 2**53


def test_an_offer_names_its_contact_and_epoch():
    assert contact.contact_of(contact.offer_id("mail.with.dots", 7)) == "mail.with.dots"
    assert contact.generation_of(3 * EPOCHS + 9) == 3
