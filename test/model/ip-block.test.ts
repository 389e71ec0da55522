import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpList, ipNetwork, parseIpBlock, plainIp } from '../../src/model/ip-block.ts'

describe('an address is written in one way', () => {
  test.each([
    { text: '203.0.113.7', plain: '203.0.113.7', why: 'IPv4 as it is' },
    { text: '2001:DB8:0:0:0:0:0:1', plain: '2001:db8::1', why: 'IPv6 short and small' },
    { text: '2001:0db8::0001', plain: '2001:db8::1', why: 'without leading noughts' },
    { text: '::ffff:203.0.113.7', plain: '203.0.113.7', why: 'IPv4 inside IPv6' },
    { text: '::FFFF:cb00:7107', plain: '203.0.113.7', why: 'the same in hexadecimals' },
    { text: '0:0:0:0:0:ffff:203.0.113.7', plain: '203.0.113.7', why: 'the same at full length' },
    { text: '::1', plain: '::1', why: 'IPv6 of this machine' },
    { text: 'fe80::1%eth0', plain: undefined, why: 'a zone means something on one machine only' },
    { text: '203.0.113.07', plain: undefined, why: 'octal to some, decimal to others' },
    { text: '203.0.113', plain: undefined, why: 'three parts' },
    { text: ' 203.0.113.7', plain: undefined, why: 'a blank' },
    { text: '203.0.113.7\0', plain: undefined, why: 'a NUL' },
    { text: 'unknown', plain: undefined, why: 'a word' },
    { text: '', plain: undefined, why: 'nothing' },
  ])('$text is $plain: $why', ({ text, plain }) => {
    expect(plainIp(text)).toBe(plain)
  })

  test('which is the same whatever way it was written, and stays as it is', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const plain = plainIp(text)
        expect(plain).toBeDefined()
        expect(plainIp(text.toUpperCase())).toBe(plain)
        expect(plainIp(plain ?? '')).toBe(plain)
      }),
    )
  })

  test.each([
    ['::ffff:a00:0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::ffff:0:0/95', '::ffff:0:0/95'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
  ])('so is a block: %s is %s', (text, block) => {
    expect(parseIpBlock(text)).toBe(block)
  })

  test('and a block of IPv4 addresses written in IPv6 holds them', () => {
    const list = new IpList([parseIpBlock('::ffff:a00:0/104') ?? ''])
    expect(list.holds('10.1.2.3')).toBe(true)
    expect(list.holds('11.1.2.3')).toBe(false)
  })
})

describe('what counts as one client', () => {
  test.each([
    { ip: '203.0.113.7', network: '203.0.113.7' },
    { ip: '2001:db8:1:2:3:4:5:6', network: '2001:db8:1:2::/64' },
    { ip: '2001:db8::1', network: '2001:db8:0:0::/64' },
    { ip: '2001:db8:1:2::', network: '2001:db8:1:2::/64' },
    { ip: '::1', network: '0:0:0:0::/64' },
    { ip: '1:2:3:4:5:6:7::', network: '1:2:3:4::/64' },
    { ip: 'fe80::1%eth0', network: 'fe80:0:0:0::/64' },
    { ip: '', network: '' },
  ])('$ip: $network', ({ ip, network }) => {
    expect(ipNetwork(ip)).toBe(network)
  })

  test('is a block that the address is in, and the same for all of the block', () => {
    const groups = fc.tuple(...Array.from({ length: 8 }, () => fc.integer({ min: 0, max: 0xffff })))
    fc.assert(
      fc.property(groups, fc.integer({ min: 0, max: 0xffff }), (group, last) => {
        const text = group.map((each) => each.toString(16))
        // What is an IPv4 address inside IPv6 was one before it comes here.
        fc.pre(group.slice(0, 5).some((each) => each !== 0))
        const ip = plainIp(text.join(':')) ?? ''
        const network = ipNetwork(ip)
        expect(new IpList([parseIpBlock(network) ?? '']).holds(ip)).toBe(true)
        const neighbour = plainIp([...text.slice(0, 7), last.toString(16)].join(':')) ?? ''
        expect(ipNetwork(neighbour)).toBe(network)
      }),
    )
  })
})
