// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Permit2World} from "./support/Permit2World.sol";

/// @title TMAI is a plain ERC-20 of 18 decimals: no signature moves it or approves anything
contract TmaiTest is Permit2World {
    function test_has_eighteen_decimals() public view {
        same("name", keccak256(bytes(tmai.name())), keccak256("TMAI"));
        same("symbol", keccak256(bytes(tmai.symbol())), keccak256("TMAI"));
        same("decimals", tmai.decimals(), 18);
        same("the holder of the supply", tmai.balanceOf(address(this)), tmai.totalSupply());
    }

    function testFuzz_knows_neither_EIP_3009_nor_EIP_2612(Payment memory payment) public {
        sound(payment);
        bytes memory call = data(payment.terms, payment.way, sign(payment));
        refused("an authorization", sender(payment), address(tmai), call, "");
        call = abi.encodeCall(TOKEN.nonces, (payment.terms.from));
        refused("a permit's nonce", RELAYER, address(tmai), call, "");
        refused("a domain", RELAYER, address(tmai), abi.encodeCall(TOKEN.DOMAIN_SEPARATOR, ()), "");
        refused("minting", MINTER, address(tmai), abi.encodeCall(TOKEN.mint, (RELAYER, 1)), "");
    }

    function testFuzz_moves_by_allowance_and_conserves_the_sum(address from, address to, uint256 allowed, uint256 value)
        public
    {
        from = account(from, address(this));
        if (from == to) to = account(address(0), from);
        to = account(to, address(this));
        tmai.transfer(from, 1 << 128);
        value = bound(value, 0, 1 << 128);
        passes("approve", from, address(tmai), abi.encodeCall(tmai.approve, (RELAYER, allowed)));
        bytes memory call = abi.encodeCall(tmai.transferFrom, (from, to, value));
        if (value > allowed) {
            string memory reason = "ERC20: transfer amount exceeds allowance";
            return refused("not allowed", RELAYER, address(tmai), call, because(reason));
        }
        passes("allowed", RELAYER, address(tmai), call);
        same("the sender", tmai.balanceOf(from), (1 << 128) - value);
        same("the receiver", tmai.balanceOf(to), value);
        same("the supply", tmai.totalSupply(), type(uint256).max);
    }
}
