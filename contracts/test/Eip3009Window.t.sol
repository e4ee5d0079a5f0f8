// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenWorld} from "./support/TokenWorld.sol";

/// @title An authorization holds while validAfter < now < validBefore, both strict (EIP-3009)
contract Eip3009WindowTest is TokenWorld {
    string private constant EARLY = "FiatTokenV2: authorization is not yet valid";
    string private constant LATE = "FiatTokenV2: authorization is expired";

    function testFuzz_holds_inside_its_window_and_nowhere_else(Payment memory payment, uint256 time, bool near) public {
        (uint256 validAfter, uint256 validBefore) = (payment.terms.validAfter, payment.terms.validBefore);
        sound(payment);
        time = bound(time, 4, type(uint64).max - 4);
        vm.warp(time);
        // Far from `time` random bounds decide nothing new: half of the runs put both within three seconds of it.
        payment.terms.validAfter = near ? bound(validAfter, time - 3, time + 3) : validAfter;
        payment.terms.validBefore = near ? bound(validBefore, time - 3, time + 3) : validBefore;
        _decide(payment, time);
    }

    function testFuzz_refuses_the_first_second_and_accepts_the_next(Payment memory payment) public {
        sound(payment);
        payment.terms.validAfter = NOW;
        payment.terms.validBefore = NOW + 2;
        Signature memory signature = sign(payment);

        failsToPay("at validAfter", payment, signature, EARLY);
        vm.warp(NOW + 1);
        pays("one second later", payment, signature);
    }

    function testFuzz_refuses_the_last_second_and_accepts_the_one_before(Payment memory payment) public {
        sound(payment);
        payment.terms.validAfter = NOW - 2;
        payment.terms.validBefore = NOW;
        Signature memory signature = sign(payment);

        failsToPay("at validBefore", payment, signature, LATE);
        vm.warp(NOW - 1);
        pays("one second before", payment, signature);
    }

    function testFuzz_an_empty_window_never_opens(Payment memory payment, uint256 time, uint256 gap) public {
        sound(payment);
        time = bound(time, 4, type(uint64).max - 4);
        payment.terms.validAfter = bound(payment.terms.validAfter, time - 2, time + 2);
        payment.terms.validBefore = payment.terms.validAfter + bound(gap, 0, 1);
        vm.warp(time);

        bool early = time <= payment.terms.validAfter;
        failsToPay("an empty window", payment, sign(payment), early ? EARLY : LATE);
    }

    function testFuzz_a_cancellation_knows_no_window(Payment memory payment, uint64 time) public {
        sound(payment);
        vm.warp(time);
        Signature memory signature = signCancel(payment.key, payment.terms.from, payment.terms.nonce);
        bytes memory call = cancelData(payment.terms.from, payment.terms.nonce, payment.way.packed, signature);
        passes("a cancellation at any time", RELAYER, address(TOKEN), call);
    }

    function _decide(Payment memory payment, uint256 time) private {
        Signature memory signature = sign(payment);
        if (time <= payment.terms.validAfter) return failsToPay("too early", payment, signature, EARLY);
        if (time >= payment.terms.validBefore) return failsToPay("too late", payment, signature, LATE);
        pays("in time", payment, signature);
    }
}
