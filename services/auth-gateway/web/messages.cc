#include "services/auth-gateway/web/messages.h"

namespace va::gateway {

const std::vector<Message>& EnglishMessages() {
  static const auto* const kMessages = new std::vector<Message>{
      // On every page.
      {"skip_link", "Skip to main content"},
      {"banner",
       "A sign-in portal for Veterans' services. It is modelled on VA.gov and is not an "
       "official website of the United States government."},
      {"brand", "Veterans sign-in"},
      {"footer", "Your information is sent over an encrypted connection."},
      {"help.heading", "Help and support"},
      {"help.text",
       "If you cannot sign in, call the sign-in help desk. Have the error code and the "
       "request id ready if the page shows them."},
      {"help.phone", "Call 800-555-0100"},

      {"sign_in.title", "Sign in - Veterans sign-in"},
      {"sign_in.heading", "Sign in"},
      {"sign_in.application", "You will go on to {application}."},
      {"sign_in.button", "Sign in with {name}"},
      {"sign_in.other", "Other sign-in option"},
      {"sign_in.create", "Create an account"},
      {"sign_in.create.text", "No account yet? You can make one with these providers."},
      {"sign_in.create.link", "Create an account with {name}"},
      {"sign_in.none", "No sign-in option is available right now. Try again later."},
      {"sign_in.unavailable",
       "This sign-in option is not available right now. Choose another one, or "
       "try again later."},

      // The page title of the compatible surface (ssoe_saml.md 4).
      {"post_form.title", "VA.gov sign-in"},
      {"post_form.heading", "Taking you to {destination}"},
      {"post_form.text", "You will sign in there and come back here."},
      {"post_form.sign_out.title", "VA.gov sign-out"},
      {"post_form.sign_out.text", "You are signed out here and will be signed out there as well."},
      {"post_form.sign_out_answer.text", "They asked us to sign you out and wait for our answer."},
      {"post_form.no_script",
       "Scripts are turned off in your browser, so use the button to go on."},
      {"post_form.button", "Continue to {destination}"},
      {"post_form.destination", "your account provider"},

      {"not_signed_in.headline", "You are not signed in"},
      {"not_signed_in.happened", "Your session has ended, or this browser never had one."},
      {"not_signed_in.todo", "Sign in with the button below."},
      {"not_signed_in.button", "Sign in"},

      {"step_up.headline", "Verify your identity to go on"},
      {"step_up.happened", "This part of the site needs a verified identity."},
      {"step_up.todo", "Verify your identity with your account provider; we bring you back here."},
      {"step_up.button", "Verify your identity"},

      {"factor.headline", "A second step is needed to go on"},
      {"factor.happened",
       "This part of the site needs a sign-in with a second step, such as a code on your phone."},
      {"factor.todo",
       "Turn on a second step with your account provider, then sign in again with the button "
       "below."},
      {"factor.button", "Sign in again"},

      {"fresh.headline", "Sign in again to go on"},
      {"fresh.happened", "This part of the site needs a sign-in that is more recent."},
      {"fresh.todo", "Sign in with your account provider again; we bring you back here."},
      {"fresh.button", "Sign in again"},

      // Refusals that a person can do something about.
      {"used.headline", "This sign-in was already used"},
      {"used.happened",
       "Your browser sent us the same sign-in a second time, for example because a page was "
       "reloaded or you went back. A sign-in works once."},
      {"used.todo",
       "If you are signed in already, just go on. Otherwise sign in again with the button below."},
      {"gone.headline", "We no longer know this sign-in"},
      {"gone.happened",
       "It was begun too long ago, or you have begun several others in this browser since."},
      {"gone.todo", "Sign in again with the button below, and close the other sign-in pages."},
      {"expired.headline", "This sign-in took too long"},
      {"expired.happened",
       "Too much time passed between the beginning and your return. For your safety we do not go "
       "on with a sign-in that is so old."},
      {"expired.todo", "Sign in again with the button below. You will go on to the same place."},
      {"cookies.headline", "We cannot tell that this is your browser"},
      {"cookies.happened",
       "This browser did not send the cookie we set when the sign-in began. It may block cookies, "
       "or the sign-in was begun in another browser."},
      {"cookies.todo",
       "Allow cookies for this site and sign in again with the button below, from beginning to "
       "end in one browser."},
      {"logout_unknown.headline", "We cannot tell what became of your sign-out"},
      {"logout_unknown.happened",
       "Your browser brought an answer to a sign-out that we do not wait for. It came too late, "
       "was "
       "used before, or belongs to another browser."},
      {"logout_unknown.todo",
       "To be sure that you are signed out, close all windows of this browser."},
      {"other_account.headline", "That is another account"},
      {"other_account.happened",
       "You were adding to the sign-in of one account, and came back with another one. Nothing "
       "was changed, and you are still signed in as before."},
      {"other_account.todo",
       "To use the other account, sign out first. To go on with this one, try again with it."},

      {"not_verified.headline", "Your identity was not verified"},
      {"not_verified.happened",
       "We asked your account provider to verify your identity, as you did before, and it came "
       "back "
       "without. You do not need it to sign in here."},
      {"not_verified.todo",
       "Go on without it. Parts of the site that need a verified identity ask you again."},
      {"not_verified.button", "Sign in without verifying"},

      {"try_later.headline", "We cannot sign you in right now"},
      {"try_later.happened",
       "One of the systems we need is not answering. Nothing is wrong with your account."},
      {"try_later.todo", "Wait a few minutes, then try again with the button below."},
      {"try_later.button", "Try again"},

      {"error.title", "{headline} - Veterans sign-in"},
      {"error.retry", "Sign in again"},
      {"error.code", "Error code {code}"},
      {"error.request_id", "Request id {request_id}"},

      {"result.title", "Signed in - Veterans sign-in"},
      {"result.heading", "You are signed in"},
      {"result.welcome", "Welcome,"},
      {"result.csp", "You signed in with {csp}."},
      {"result.verified", "Your identity is verified."},
      {"result.unverified", "Your identity is not verified yet, so some services stay closed."},
      {"result.continue", "Continue"},
      {"result.sign_out", "Sign out"},

      {"result.account.heading", "My HealtheVet account"},
      {"result.account.pending",
       "We are still checking with My HealtheVet whether you have an account there."},
      {"result.account.ensured", "Your My HealtheVet account is ready."},
      {"result.account.needs_terms",
       "Your My HealtheVet account needs your answer to the terms of use first."},
      {"result.account.ineligible",
       "My HealtheVet cannot open an account for you. You stay signed in. To find out why, call "
       "the help desk below and read out this request id: {request_id}"},
      {"result.account.unavailable",
       "We could not check with My HealtheVet. Your sign-in is not affected, and we check again "
       "the next time you sign in."},
      {"result.account.terms", "Read the terms of use and answer"},
      {"result.invitation.heading", "Your proofing can move to Login.gov"},
      {"result.invitation.text",
       "You proved your identity to VA in person. You can share that proof with Login.gov instead "
       "of proving your identity again. You decide; nothing is sent without your consent."},
      {"result.invitation.link", "Read what would be shared and decide"},
      {"result.pending", "You can go on meanwhile, or look again in a moment."},
      {"result.reload", "Look again"},

      // The page of the terms speaks of what an answer does; the document itself is VA's.
      {"terms.title", "{document} - Veterans sign-in"},
      {"terms.lead", "Please read the terms of use before you answer."},
      {"terms.version", "Revision {revision}, legal version {legal_version}."},
      {"terms.link", "Read the {document} on VA.gov"},
      {"terms.means.heading", "What accepting means"},
      {"terms.means.rules", "You agree to the terms as they stand on VA.gov in this revision."},
      {"terms.means.account",
       "We ask My HealtheVet for your account. Without your acceptance we do not ask."},
      {"terms.means.record", "We keep your answer, the revision and the time."},
      {"terms.means.sign_in",
       "Your sign-in works either way, and you can come back here to answer differently."},
      {"terms.answer.heading", "Your answer"},
      {"terms.answer.accepted", "You accepted these terms on {date}."},
      {"terms.answer.declined",
       "You declined these terms on {date}. You stay signed in, but we do not ask My HealtheVet "
       "for an account."},
      {"terms.accept", "Accept the terms"},
      {"terms.decline", "Decline the terms"},
      {"terms.changed.headline", "The terms have changed"},
      {"terms.changed.text",
       "There is a newer revision than the one you were shown. Your answer was not recorded. "
       "Please read the new revision and answer again."},

      {"consent.title", "{heading} - Veterans sign-in"},
      {"consent.answer.heading", "Your answer"},
      {"consent.not_open",
       "The transfer itself opens later. Today we record your answer and send nothing; when the "
       "transfer opens, you start it yourself and are asked again."},
      {"consent.give", "I agree"},
      {"consent.decline", "I do not agree"},
      {"consent.changed.headline", "This text has changed"},
      {"consent.changed.text",
       "There are newer words than the ones you were shown. Your answer was not recorded. Please "
       "read them and answer again."},
      {"consent.given.headline", "Your consent is on record"},
      {"consent.given.happened", "You agreed to share your identity proofing with Login.gov."},
      {"consent.given.follows",
       "The transfer itself opens later, so nothing was sent. When it opens, you start it yourself "
       "and are asked again."},
      {"consent.declined.headline", "Nothing will be shared"},
      {"consent.declined.happened",
       "You did not agree to share your identity proofing with Login.gov. That is on record."},
      {"consent.declined.follows",
       "Nothing was sent, and your sign-in is not affected. You can change your mind after any "
       "sign-in with My HealtheVet."},
      {"back", "Go back to your sign-in"},

      {"not_invited.headline", "There is nothing to transfer here"},
      {"not_invited.happened",
       "A transfer to Login.gov is offered after a sign-in with My HealtheVet, to people who "
       "proved their identity to VA in person."},
      {"not_invited.todo", "You stay signed in, and nothing was changed."},
      {"not_invited.button", "Go back to your sign-in"},

      {"form_outdated.headline", "This page is out of date"},
      {"form_outdated.happened",
       "This form was opened in another sign-in, or was answered before. Nothing new was "
       "recorded."},
      {"form_outdated.todo", "Open the page again. If you still want to answer, answer there."},
      {"form_outdated.button", "Open the page again"},

      {"answer_later.headline", "We cannot do this right now"},
      {"answer_later.happened",
       "One of the systems we need is not answering. You stay signed in. If you just answered a "
       "question, we cannot tell whether your answer was recorded."},
      {"answer_later.todo", "Wait a few minutes, then try again with the button below."},
      {"answer_later.button", "Try again"},

      {"signed_out.title", "Signed out - Veterans sign-in"},
      {"signed_out.heading", "You are signed out"},
      {"signed_out.text", "Close the browser if you share this device with others."},
      {"signed_out.maybe_not",
       "You may still be signed in at {destination}. Sign out there as well, or close the "
       "browser."},
      {"signed_out.button", "Sign in again"},

      {"sign_out_question.heading", "Do you want to sign out?"},
      {"sign_out_question.text",
       "A page of another website asked to sign you out here. You stay signed in unless you choose "
       "to sign out."},
      {"sign_out_question.button", "Sign out"},
      {"sign_out_question.back", "Stay signed in"},

      {"terms_declined.headline", "You declined the terms of use"},
      {"terms_declined.happened",
       "You are signed out, because VA online services can be used only by those who accept them."},
      {"terms_declined.todo",
       "You can sign in again at any time, read the terms and accept them. Care and benefits that "
       "you get in person do not depend on that."},
      {"terms_declined.button", "Sign in again"},

      // Plain HTTP refusals: headline, what happened, what to do.
      {"http.400.headline", "This request does not work"},
      {"http.400.happened", "Something in the request is incomplete or not allowed."},
      {"http.400.todo", "Go back to the page you came from, or start again from the sign-in page."},
      {"http.404.headline", "We could not find that page"},
      {"http.404.happened", "There is no page at this address."},
      {"http.404.todo", "Check the address, or start again from the sign-in page."},
      {"http.405.headline", "This address is not used like that"},
      {"http.405.happened", "The page exists, but not for this kind of request."},
      {"http.405.todo", "Start again from the sign-in page."},
      {"http.408.headline", "The request took too long"},
      {"http.408.happened", "Your browser did not send the whole request in time."},
      {"http.408.todo", "Check your connection and try again."},
      {"http.413.headline", "The request is too large"},
      {"http.413.happened", "Your browser sent more than this page accepts."},
      {"http.413.todo", "Start again from the sign-in page."},
      {"http.414.headline", "The address is too long"},
      {"http.414.happened", "Your browser asked for an address that is longer than we accept."},
      {"http.414.todo", "Start again from the sign-in page."},
      {"http.421.headline", "This is not the right site"},
      {"http.421.happened", "The request names a site that is not served here."},
      {"http.421.todo", "Start again from the sign-in page."},
      {"http.429.headline", "Too many tries"},
      {"http.429.happened", "There were too many requests in a short time."},
      {"http.429.todo", "Wait a minute, then try again."},
      {"http.431.headline", "The request is too large"},
      {"http.431.happened", "Your browser sent more cookies or headers than we accept."},
      {"http.431.todo", "Clear the cookies of this site, then start again from the sign-in page."},
      {"http.500.headline", "Something went wrong on our side"},
      {"http.500.happened", "We could not finish what you asked for, and nothing was changed."},
      {"http.500.todo", "Try again in a few minutes."},
      {"http.503.headline", "We are very busy right now"},
      {"http.503.happened", "We could not take your request, and nothing was changed."},
      {"http.503.todo", "Wait a few seconds, then try again."},
  };
  return *kMessages;
}

absl::string_view Text(absl::string_view id) {
  for (const Message& message : EnglishMessages()) {
    if (message.id == id) return message.text;
  }
  return "";
}

}  // namespace va::gateway
