// A sign-in in a real browser, across two sites: the gateway is https://localhost, the provider
// https://127.0.0.1, so that the provider's POST back is cross-site as it is in the world.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  choose, cookie, flowCookie, gateway, goToProvider, launch, open, rewriteSameSite, sessionCookie,
  user,
} from './browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

test('browser: a person signs in across two sites and is known by name', async () => {
  const { context, page, trouble } = await open(browser);
  await goToProvider(page, /My HealtheVet/);
  await choose(page, 'mhv_premium');

  assert.equal(new URL(page.url()).origin, gateway);
  const session = await cookie(context, sessionCookie);
  assert.ok(session, 'no session cookie');
  assert.equal(session.sameSite, 'Lax');
  assert.ok(session.httpOnly && session.secure);
  const [status, body] = await user(context);
  assert.equal(status, 200);
  assert.match(JSON.stringify(body), /Tamsin/);
  assert.match(await page.locator('main').innerText(), /Tamsin/);
  assert.deepEqual(trouble, []);
  await context.close();
});

test('browser: P7 the flow cookie is SameSite=None and its value means nothing', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /My HealtheVet/);
  const flow = await cookie(context, flowCookie);
  assert.equal(flow.sameSite, 'None');
  assert.ok(flow.httpOnly && flow.secure);
  assert.match(flow.value, /^[A-Za-z0-9_-]{22,64}$/);
  await context.close();
});

// The same rewriting both ways: None shows that the rewriting itself breaks nothing.
for (const [sameSite, works] of [['None', true], ['Lax', false]]) {
  test(`browser: P7 a flow cookie that is ${sameSite} ${works ? 'travels back' : 'does not travel back, and the sign-in fails with a page'}`, async () => {
    const { context, page } = await open(browser);
    await goToProvider(page, /My HealtheVet/);
    await rewriteSameSite(context, flowCookie, sameSite);
    await choose(page, 'mhv_premium');

    const session = await cookie(context, sessionCookie);
    const [status] = await user(context);
    if (works) {
      assert.ok(session, 'no session cookie');
      assert.equal(status, 200);
    } else {
      assert.equal(session, undefined, 'a session began without the flow cookie');
      assert.equal(status, 401);
      assert.equal(new URL(page.url()).origin, gateway);
      assert.match(await page.locator('main').innerText(), /request id/i);
      assert.ok(await page.getByRole('link', { name: /sign in/i }).first().isVisible());
    }
    await context.close();
  });
}

test('browser: without script every step has a button that does the same', async () => {
  const { context, page } = await open(browser, { javaScriptEnabled: false });
  const script = false;
  await goToProvider(page, /Login\.gov/, { script });
  await choose(page, 'logingov_ial2', { script });
  assert.ok(await cookie(context, sessionCookie), 'no session cookie');
  assert.equal((await user(context))[0], 200);
  await context.close();
});

test('browser: the keyboard alone signs a person in', async () => {
  const { context, page } = await open(browser);
  await page.goto(`${gateway}/sign-in/?application=vaweb`);
  const label = () =>
    page.evaluate(() => document.activeElement.closest('a, button')?.textContent.trim() ?? '');
  for (let presses = 0; presses < 20 && !/with ID\.me/.test(await label()); presses += 1) {
    await page.keyboard.press('Tab');
  }
  assert.match(await label(), /with ID\.me/);
  await page.keyboard.press('Enter');
  await page.locator('button[name=persona][value=idme_loa3]').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.origin === gateway);
  assert.equal((await user(context))[0], 200);
  await context.close();
});

test('browser: a refused person sees a page with the code, and no session begins', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /ID\.me/);
  await choose(page, 'ssn_mismatch');
  const text = await page.locator('main').innerText();
  assert.match(text, /\b113\b/);
  assert.match(text, /request id/i);
  assert.equal(await cookie(context, sessionCookie), undefined);
  assert.equal((await user(context))[0], 401);
  await context.close();
});

test('browser: signing out ends the session', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /My HealtheVet/);
  await choose(page, 'mhv_premium');
  await page.getByRole('button', { name: /sign out/i }).click();
  await page.waitForLoadState();
  assert.equal((await user(context))[0], 401);
  assert.equal(await cookie(context, sessionCookie), undefined);
  await context.close();
});

test('browser: an application gets the person back where it asked for', async () => {
  const { context, page } = await open(browser);
  await goToProvider(page, /My HealtheVet/, { query: '?application=mhv&to=home' });
  await choose(page, 'two_mhv_ids').catch(() => {}); // it lands on the provider's origin again
  await page.waitForURL(/deeplinking=home/);
  assert.equal((await user(context))[0], 200);
  await context.close();
});
