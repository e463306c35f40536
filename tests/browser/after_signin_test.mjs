// What follows a sign-in, in a real browser: the My HealtheVet account and its terms, the invitation to
// hand a proofing on, and the consent to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { choose, gateway, goToProvider, launch, open, resultPage, user } from './browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const consentAddress = `${gateway}/inherited_proofing/consent`;
const part = (body, name) => body.data.attributes[name];

async function signIn(persona, options = {}, button = /My HealtheVet/) {
  const script = options.javaScriptEnabled ?? true;
  const opened = await open(browser, options);
  await goToProvider(opened.page, button, { script });
  await choose(opened.page, persona, { script });
  return opened;
}

test('browser: who was proofed in person is invited, reads the notices and declines', async () => {
  const { context, page, trouble } = await signIn('proofed_in_person');
  await resultPage(page, /can move to Login\.gov/);
  assert.deepEqual(part((await user(context))[1], 'inherited_proofing'),
    { eligible: true, complete: false, dismissed_until: null });
  await page.getByRole('link', { name: /read what would be shared/i }).click();
  const text = await page.locator('main').innerText();
  for (const notice of [/voluntary/i, /Social Security number/, /90 minutes/, /24 hours/, /something is wrong/i]) {
    assert.match(text, notice);
  }
  await page.getByRole('button', { name: 'I do not agree' }).click();
  assert.match(await page.locator('main').innerText(), /Nothing was sent/);
  assert.equal((await user(context))[0], 200);
  assert.deepEqual(trouble, []);
  await context.close();
});

test('browser: consent works without script, and says that nothing was sent yet', async () => {
  const { context, page } = await signIn('proofed_in_person', { javaScriptEnabled: false });
  await resultPage(page, /can move to Login\.gov/);
  await page.goto(consentAddress);
  await page.getByRole('button', { name: 'I agree' }).click();
  const text = await page.locator('main').innerText();
  assert.match(text, /Your consent is on record/);
  assert.match(text, /nothing was sent/);
  await context.close();
});

test('browser: the keyboard alone reaches the answer of the consent page', async () => {
  const { context, page } = await signIn('proofed_in_person');
  await resultPage(page, /can move to Login\.gov/);
  await page.goto(consentAddress);
  const label = () => page.evaluate(() => document.activeElement.closest('a, button')?.textContent.trim() ?? '');
  for (let presses = 0; presses < 20 && (await label()) !== 'I do not agree'; presses += 1) {
    await page.keyboard.press('Tab');
  }
  assert.equal(await label(), 'I do not agree');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Nothing will be shared' }).waitFor();
  await context.close();
});

test('browser: who was proofed online is not invited, and the consent page says so', async () => {
  const { context, page } = await signIn('proofed_online');
  // Whatever the account's state, the answer about the proofing comes after it.
  for (let looks = 0; looks < 20; looks += 1) {
    if (part((await user(context))[1], 'inherited_proofing') !== null) break;
    await page.goto(`${gateway}/auth/login/callback`);
  }
  assert.equal(part((await user(context))[1], 'inherited_proofing').eligible, false);
  const text = await resultPage(page, /You are signed in/);
  assert.doesNotMatch(text, /can move to Login\.gov/);
  const answer = await page.goto(consentAddress);
  assert.equal(answer.status(), 403);
  await context.close();
});

test('browser: the name of a hostile person is text on every page', async () => {
  const { context, page, trouble } = await signIn('hostile_name', {}, /ID\.me/);
  page.on('dialog', () => assert.fail('a script ran'));
  const text = await resultPage(page, /You are signed in/);
  assert.match(text, /<script>/);
  assert.equal(await page.locator('main script').count(), 0);
  assert.deepEqual(trouble, []);
  await context.close();
});

test('browser: without a session the terms and the consent ask to sign in', async () => {
  const { context, page } = await open(browser);
  for (const address of [`${gateway}/terms-of-use/`, consentAddress]) {
    const answer = await page.goto(address);
    assert.equal(answer.status(), 401);
    assert.ok(await page.getByRole('link', { name: 'Sign in', exact: true }).isVisible());
  }
  await context.close();
});

test('browser: terms that are accepted lead back to the sign-in', async () => {
  const { context, page } = await signIn('mhv_premium');
  await page.goto(`${gateway}/terms-of-use/`);
  assert.match(await page.locator('main').innerText(), /What accepting means/);
  await page.getByRole('button', { name: /accept/i }).click();
  await page.waitForURL(/auth\/login\/callback/);
  await resultPage(page, /Your My HealtheVet account is ready/);
  assert.deepEqual(part((await user(context))[1], 'mhv_account'), {
    state: 'ensured',
    tier: 'Premium',
    basis: 'credential',
  });
  await page.goto(`${gateway}/terms-of-use/`);
  assert.match(await page.locator('main').innerText(), /You accepted these terms on/);
  await context.close();
});
