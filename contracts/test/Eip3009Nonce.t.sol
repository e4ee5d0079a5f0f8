// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenWorld} from "./support/TokenWorld.sol";

/// @title A nonce is spent once, by a transfer or by a cancellation, and nothing but these spends it (EIP-3009)
contract Eip3009NonceTest is TokenWorld {
    string private constant SPENT = "FiatTokenV2: authorization is used or canceled";

    function testFuzz_moves_the_value_and_spends_the_nonce(Payment memory payment) public {
        sound(payment);
        uint256 before = TOKEN.balanceOf(payment.terms.to);
        no("spent before", TOKEN.authorizationState(payment.terms.from, payment.terms.nonce));

        pays("a sound payment", payment, sign(payment));

        yes("spent after", TOKEN.authorizationState(payment.terms.from, payment.terms.nonce));
        same("the payer's balance", TOKEN.balanceOf(payment.terms.from), 0);
        same("the payee's balance", TOKEN.balanceOf(payment.terms.to), before + payment.terms.value);
        same("the supply", TOKEN.totalSupply(), payment.terms.value);
    }

    function testFuzz_a_payment_is_made_once_whichever_way_it_comes_back(Payment memory payment, Way memory way)
        public
    {
        sound(payment);
        pays("the first time", payment, sign(payment));
        fund(payment.terms.from, payment.terms.value);

        payment.way = way;
        failsToPay("the second time", payment, sign(payment), SPENT);
    }

    function testFuzz_the_nonce_alone_counts_whatever_else_differs(Payment memory payment, Payment memory other)
        public
    {
        sound(payment);
        pays("the first time", payment, sign(payment));

        other.key = payment.key;
        sound(other);
        other.terms.nonce = payment.terms.nonce;
        failsToPay("another payment with its nonce", other, sign(other), SPENT);
    }

    function testFuzz_two_payers_may_use_one_nonce(Payment memory payment, Payment memory other) public {
        sound(payment);
        other.key = otherKey(other.key, payment.key);
        sound(other);
        other.terms.nonce = payment.terms.nonce;
        pays("the one", payment, sign(payment));
        pays("the other", other, sign(other));
    }

    function testFuzz_a_cancelled_authorization_pays_nothing(Payment memory payment, bool asBytes) public {
        sound(payment);
        Signature memory cancellation = signCancel(payment.key, payment.terms.from, payment.terms.nonce);
        bytes memory call = cancelData(payment.terms.from, payment.terms.nonce, asBytes, cancellation);
        passes("the cancellation", RELAYER, address(TOKEN), call);

        yes("spent", TOKEN.authorizationState(payment.terms.from, payment.terms.nonce));
        failsToPay("the transfer", payment, sign(payment), SPENT);
        refused("a second cancellation", RELAYER, address(TOKEN), call, because(SPENT));
        same("the payer's balance", TOKEN.balanceOf(payment.terms.from), payment.terms.value);
    }

    function testFuzz_a_payment_made_cannot_be_cancelled(Payment memory payment, bool asBytes) public {
        sound(payment);
        pays("the transfer", payment, sign(payment));

        Signature memory cancellation = signCancel(payment.key, payment.terms.from, payment.terms.nonce);
        bytes memory call = cancelData(payment.terms.from, payment.terms.nonce, asBytes, cancellation);
        refused("the cancellation", RELAYER, address(TOKEN), call, because(SPENT));
    }

    function testFuzz_an_uncovered_payment_leaves_the_nonce_unspent(Payment memory payment, uint256 missing) public {
        sound(payment);
        payment.terms.value += bound(missing, 1, 1 << 128);
        Signature memory signature = sign(payment);
        failsToPay("uncovered", payment, signature, "ERC20: transfer amount exceeds balance");
        no("spent", TOKEN.authorizationState(payment.terms.from, payment.terms.nonce));

        fund(payment.terms.from, payment.terms.value);
        pays("covered", payment, signature);
    }

    function testFuzz_only_the_payee_may_receive(Payment memory payment, address caller) public {
        sound(payment);
        payment.way.receives = true;
        if (caller == payment.terms.to) caller = account(address(0), caller);
        bytes memory call = data(payment.terms, payment.way, sign(payment));

        refused("another", caller, address(TOKEN), call, because("FiatTokenV2: caller must be the payee"));
        passes("the payee", payment.terms.to, address(TOKEN), call);
    }

    function testFuzz_paying_oneself_changes_no_balance(Payment memory payment) public {
        sound(payment);
        payment.terms.to = payment.terms.from;
        pays("to oneself", payment, sign(payment));
        same("the balance", TOKEN.balanceOf(payment.terms.from), payment.terms.value);
    }

    function testFuzz_nobody_is_paid_at_the_zero_address(Payment memory payment) public {
        sound(payment);
        payment.terms.to = address(0);
        failsToPay("to nobody", payment, sign(payment), "ERC20: transfer to the zero address");
    }
}
