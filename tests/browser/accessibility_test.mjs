// What axe finds on every page a person can meet, in Chromium, and where the focus lands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  accessibilityProblems, choose, gateway, goToProvider, launch, open, resultPage,
} from './browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

// The browser moves the focus after the page has loaded: waited for, not read once.
const focusIsOnHeadline = (page) => page.locator('h1:focus').waitFor();

test('accessibility: the sign-in page', async () => {
  for (const query of ['', '?application=vaweb', '?application=mhv&to=home']) {
    const { context, page, trouble } = await open(browser);
    await page.goto(`${gateway}/sign-in/${query}`);
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.deepEqual(trouble, []);
    await context.close();
  }
});

test('accessibility: the sign-in page on a phone, enlarged', async () => {
  const { context, page } = await open(browser, { viewport: { width: 320, height: 640 } });
  await page.goto(`${gateway}/sign-in/?application=vaweb`);
  assert.deepEqual(await accessibilityProblems(page), []);
  // WCAG 1.4.10: nothing needs scrolling sideways at 320 CSS pixels.
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${overflow} pixels too wide`);
  await context.close();
});

test('accessibility: the page that leads to the provider, without script', async () => {
  const { context, page } = await open(browser);
  // Its script would leave at once: it is the one thing not loaded here.
  await page.route('**/assets/autosubmit.js', (route) => route.abort());
  await page.goto(`${gateway}/v1/sessions/mhv/new?application=vaweb`);
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.ok(await page.locator('form button[type=submit]').isVisible());
  await context.close();
});

test('accessibility: the result page', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /My HealtheVet/);
  await choose(page, 'mhv_premium');
  await focusIsOnHeadline(page);
  assert.deepEqual(await accessibilityProblems(page), []);
  await context.close();
});

test('accessibility: the result page with an invitation, and the consent page, also on a phone', async () => {
  for (const viewport of [{ width: 900, height: 760 }, { width: 320, height: 640 }]) {
    const { context, page, trouble } = await open(browser, { viewport });
    await goToProvider(page, /My HealtheVet/);
    await choose(page, 'proofed_in_person');
    await resultPage(page, /can move to Login\.gov/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole('link', { name: /read what would be shared/i }).click();
    await focusIsOnHeadline(page);
    assert.deepEqual(await accessibilityProblems(page), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    await page.getByRole('button', { name: 'I do not agree' }).click();
    await focusIsOnHeadline(page);
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.deepEqual(trouble, []);
    await context.close();
  }
});

test('accessibility: the terms of use, before and after a no, also on a phone', async () => {
  for (const viewport of [{ width: 900, height: 760 }, { width: 320, height: 640 }]) {
    const { context, page, trouble } = await open(browser, { viewport });
    // Nobody expects an acceptance of this person: a no on record spoils no other test.
    await goToProvider(page, /ID\.me/);
    await choose(page, 'idme_loa3');
    await page.goto(`${gateway}/terms-of-use/`);
    await focusIsOnHeadline(page);
    assert.deepEqual(await accessibilityProblems(page), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    await page.getByRole('button', { name: /decline/i }).click();
    await focusIsOnHeadline(page);
    assert.match(await page.locator('main').innerText(), /You declined these terms on/);
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.deepEqual(trouble, []);
    await context.close();
  }
});

test('accessibility: the page of a refusal', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /ID\.me/);
  await choose(page, 'ssn_mismatch');
  await focusIsOnHeadline(page);
  assert.deepEqual(await accessibilityProblems(page), []);
  await context.close();
});

test('accessibility: the page of an address that does not exist', async () => {
  const { context, page } = await open(browser);
  const answer = await page.goto(`${gateway}/nowhere`);
  assert.equal(answer.status(), 404);
  await focusIsOnHeadline(page);
  assert.deepEqual(await accessibilityProblems(page), []);
  await context.close();
});

// VA_SCREENSHOT=docs/images/sign-in.png ./dev test browser renews the picture of the README.
if (process.env.VA_SCREENSHOT) {
  test('accessibility: the picture of the sign-in page is taken', async () => {
    const { context, page } = await open(browser, { viewport: { width: 900, height: 760 } });
    await page.goto(`${gateway}/sign-in/?application=mhv&to=home`);
    await page.screenshot({ path: process.env.VA_SCREENSHOT });
    await context.close();
  });
}
