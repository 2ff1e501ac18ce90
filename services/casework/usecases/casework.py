"""All that can be done in casework, built once by `wiring` and found by doors at `app.state.casework`."""

from dataclasses import dataclass

from services.casework.router_client import RouterClient
from services.casework.usecases.accept_offer import AcceptOffer
from services.casework.usecases.call_back import CallBack, MayCallBack
from services.casework.usecases.case_deeds import CaseDeeds
from services.casework.usecases.checklists.group import Checklists
from services.casework.usecases.close_case import CloseCase
from services.casework.usecases.connect import Directory
from services.casework.usecases.consult import AskColleague, EndQuestion, ReadQuestion, TransferToColleague
from services.casework.usecases.deliver_handovers import DeliverHandovers
from services.casework.usecases.desk_day import DeskDay
from services.casework.usecases.finish_contact import FinishContact
from services.casework.usecases.follow_contacts import FollowContacts
from services.casework.usecases.follow_load import FollowLoad, ReadAlarms
from services.casework.usecases.follow_routing import FollowRouting
from services.casework.usecases.gaps import KnowledgeGaps
from services.casework.usecases.hand_over import HandOnReturned, HandOver, PreviewHandover
from services.casework.usecases.incidents import Incidents
from services.casework.usecases.misrouted import ReadMisrouted
from services.casework.usecases.no_show import NoShow
from services.casework.usecases.notes import AddNote, SaveDraft
from services.casework.usecases.outgoing import Outgoing
from services.casework.usecases.outside import OpenUnitLink, ReadStatus
from services.casework.usecases.pass_handover import AssignHandover, ReassignHandover, SetAway, WithdrawHandover
from services.casework.usecases.pass_on import InviteOfficer, PassOn, PromiseReturnCall
from services.casework.usecases.pause_handover import AskCitizen, MoveAnswer, ResumeHandover
from services.casework.usecases.practice.group import Practice
from services.casework.usecases.quick import RegisterQuickly
from services.casework.usecases.read_cases import ListCases, ReadCase, ReadDesk, ReadHandover
from services.casework.usecases.read_catalogue import ReadCatalogue, ReadPeople
from services.casework.usecases.read_files import ReadFile, ReadShown
from services.casework.usecases.read_hours import ReadHours
from services.casework.usecases.read_inbox import ReadColleagues, ReadDeeds, ReadInbox
from services.casework.usecases.receive_handover import (
    AcknowledgeHandover,
    AnswerHandover,
    ProgressHandover,
    ReturnHandover,
)
from services.casework.usecases.receiving_place import ReceivingPlaces
from services.casework.usecases.reindex import CatchUp
from services.casework.usecases.reopen import ReopenCase
from services.casework.usecases.reply import ReplyCase
from services.casework.usecases.reread import ReadAgain
from services.casework.usecases.restart import RestartRun
from services.casework.usecases.return_calls import TryAgain
from services.casework.usecases.search_cases import SearchCases
from services.casework.usecases.send_mail import SendMail
from services.casework.usecases.send_webhooks import SendWebhooks
from services.casework.usecases.take_over import ReadTakeovers, TakeOver
from services.casework.usecases.tell_citizen import TellResumed
from services.casework.usecases.unit_terms import ReadUnitTerms, SetUnitTerms
from services.casework.usecases.watch_deadlines import WatchDeadlines
from services.casework.usecases.work_case import (
    BeatCase,
    ClassifyCase,
    DoStep,
    StepBack,
)


@dataclass(frozen=True, slots=True)
class Casework:
    """The use cases of casework and the router's client."""

    router: RouterClient
    # Reading.
    read_case: ReadCase
    list_cases: ListCases
    search_cases: SearchCases
    read_desk: ReadDesk
    read_inbox: ReadInbox
    read_colleagues: ReadColleagues
    read_deeds: ReadDeeds
    read_handover: ReadHandover
    read_question: ReadQuestion
    read_file: ReadFile
    read_shown: ReadShown
    read_again: ReadAgain
    read_catalogue: ReadCatalogue
    read_people: ReadPeople
    read_alarms: ReadAlarms
    read_hours: ReadHours
    read_takeovers: ReadTakeovers
    read_unit_terms: ReadUnitTerms
    directory: Directory
    # Working.
    accept_offer: AcceptOffer
    call_back: CallBack
    may_call_back: MayCallBack
    finish_contact: FinishContact
    pass_on: PassOn
    promise_return_call: PromiseReturnCall
    try_again: TryAgain
    no_show: NoShow
    places: ReceivingPlaces
    invite_officer: InviteOfficer
    ask_colleague: AskColleague
    transfer_to_colleague: TransferToColleague
    end_question: EndQuestion
    classify: ClassifyCase
    do_step: DoStep
    step_back: StepBack
    restart: RestartRun
    quick: RegisterQuickly
    add_note: AddNote
    save_draft: SaveDraft
    beat: BeatCase
    gaps: KnowledgeGaps
    practice: Practice
    day: DeskDay
    reply: ReplyCase
    close: CloseCase
    reopen: ReopenCase
    deeds: CaseDeeds
    # Handing over.
    preview_handover: PreviewHandover
    hand_over: HandOver
    hand_on: HandOnReturned
    acknowledge: AcknowledgeHandover
    progress: ProgressHandover
    assign: AssignHandover
    reassign: ReassignHandover
    ask_citizen: AskCitizen
    resume: ResumeHandover
    move_answer: MoveAnswer
    send_back: ReturnHandover
    answer: AnswerHandover
    withdraw: WithdrawHandover
    set_away: SetAway
    read_misrouted: ReadMisrouted
    # By links, without a login.
    read_status: ReadStatus
    open_unit_link: OpenUnitLink
    # Going out.
    outgoing: Outgoing
    # Checklists, from draft to the version that takes their place.
    checklists: Checklists
    # Incidents.
    incidents: Incidents
    # Moving in.
    take_over: TakeOver
    set_unit_terms: SetUnitTerms
    # By streams and by the clock.
    follow_contacts: FollowContacts
    follow_routing: FollowRouting
    follow_load: FollowLoad
    send_mail: SendMail
    send_webhooks: SendWebhooks
    watch_deadlines: WatchDeadlines
    catch_up: CatchUp
    deliver_handovers: DeliverHandovers
    tell_resumed: TellResumed
