// Sends the one form of the page. Without script its button does the same. The method is taken from
// the prototype, because a field named "submit" would hide it.
HTMLFormElement.prototype.submit.call(document.forms[0]);
