// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenWorld} from "./support/TokenWorld.sol";

/// @title Only the payer's own signature, in its one encoding, over these very terms, moves anything (EIP-3009, EIP-2, EIP-712)
contract Eip3009SignatureTest is TokenWorld {
    string private constant INVALID = "FiatTokenV2: invalid signature";
    string private constant UNRECOVERABLE = "ECRecover: invalid signature";
    string private constant BAD_S = "ECRecover: invalid signature 's' value";
    string private constant BAD_V = "ECRecover: invalid signature 'v' value";
    string private constant BAD_LENGTH = "ECRecover: invalid signature length";

    function testFuzz_both_overloads_accept_one_signature(Payment memory payment) public {
        sound(payment);
        Signature memory signature = sign(payment);
        payment.way.packed = false;
        bytes memory parts = data(payment.terms, payment.way, signature);
        payment.way.packed = true;
        bytes memory whole = data(payment.terms, payment.way, signature);

        passes("v, r, s", sender(payment), address(TOKEN), parts);
        string memory spent = "FiatTokenV2: authorization is used or canceled";
        refused("the same as bytes", sender(payment), address(TOKEN), whole, because(spent));
    }

    function testFuzz_a_high_s_is_refused(Payment memory payment) public {
        sound(payment);
        failsToPay("the second encoding", payment, malleated(sign(payment)), BAD_S);
        pays("the first encoding", payment, sign(payment));
    }

    function testFuzz_no_s_above_half_the_order_is_looked_at(Payment memory payment, uint256 s) public {
        sound(payment);
        Signature memory signature = sign(payment);
        signature.s = bytes32(bound(s, ORDER / 2 + 1, type(uint256).max));
        failsToPay("a high s", payment, signature, BAD_S);
    }

    function testFuzz_a_v_other_than_27_or_28_is_refused(Payment memory payment, uint8 v) public {
        sound(payment);
        Signature memory signature = sign(payment);
        // 0 and 1 are what many libraries hand out: FiatToken does not translate them.
        if (v == 27 || v == 28) v -= 27;
        signature.v = v;
        failsToPay("a strange v", payment, signature, BAD_V);
    }

    function testFuzz_the_other_v_is_refused(Payment memory payment) public {
        sound(payment);
        Signature memory signature = sign(payment);
        signature.v ^= 7;
        bytes memory call = data(payment.terms, payment.way, signature);
        // Whether the other point recovers to another account or to none is up to the numbers.
        vm.prank(sender(payment));
        (bool success, bytes memory reason) = address(TOKEN).call(call);
        no("the other v", success);
        bool known =
            keccak256(reason) == keccak256(because(INVALID)) || keccak256(reason) == keccak256(because(UNRECOVERABLE));
        yes("for its signature", known);
    }

    function testFuzz_a_signature_of_nobody_is_refused(Payment memory payment, uint256 s) public {
        sound(payment);
        // No point of the curve has the x coordinate 0.
        Signature memory signature = Signature(27, 0, bytes32(bound(s, 1, ORDER / 2)));
        failsToPay("r of 0", payment, signature, UNRECOVERABLE);
    }

    function testFuzz_bytes_of_another_length_are_refused(Payment memory payment, bytes memory tail, uint8 cut) public {
        sound(payment);
        bytes memory signature = packed(sign(payment));
        bytes memory longer = abi.encodePacked(signature, tail, uint8(0));
        bytes memory call = data(payment.terms, payment.way, longer);
        refused("longer", sender(payment), address(TOKEN), call, because(BAD_LENGTH));

        uint256 length = bound(cut, 0, 64);
        assembly ("memory-safe") {
            mstore(signature, length)
        }
        call = data(payment.terms, payment.way, signature);
        refused("shorter", sender(payment), address(TOKEN), call, because(BAD_LENGTH));
    }

    function testFuzz_another_signer_is_refused(Payment memory payment, uint256 stranger) public {
        sound(payment);
        payment.key = otherKey(stranger, payment.key);
        failsToPay("a stranger's signature", payment, sign(payment), INVALID);
        no("spent", TOKEN.authorizationState(payment.terms.from, payment.terms.nonce));
    }

    function testFuzz_no_signed_field_can_be_changed(Payment memory payment, uint256 field, uint256 change) public {
        sound(payment);
        Signature memory signature = sign(payment);
        Authorization memory terms = payment.terms;
        field = bound(field, 0, 5);

        // Every change leaves the terms such as could be paid: but for the signature nothing is wrong.
        if (field == 0) terms.from = account(address(uint160(change)), terms.from);
        if (field == 1) terms.to = account(address(uint160(change)), terms.to);
        if (field == 2) terms.value = another(terms.value, change, 0, 1 << 128);
        if (field == 3) terms.validAfter = another(terms.validAfter, change, 0, NOW - 1);
        if (field == 4) terms.validBefore = another(terms.validBefore, change, NOW + 1, type(uint256).max);
        if (field == 5) terms.nonce = bytes32(another(uint256(terms.nonce), change, 0, type(uint256).max));
        fund(terms.from, 1 << 128);

        failsToPay("changed terms", payment, signature, INVALID);
    }

    function testFuzz_another_chain_is_refused(Payment memory payment, uint64 chain) public {
        sound(payment);
        Signature memory signature = sign(payment);
        vm.chainId(another(BASE, chain, 1, type(uint64).max));
        failsToPay("on another chain", payment, signature, INVALID);

        vm.chainId(BASE);
        pays("on its chain", payment, signature);
    }

    function testFuzz_another_token_is_refused(Payment memory payment) public {
        sound(payment);
        address twin = address(0x7417);
        place("FiatTokenLike", twin);
        vm.prank(MINTER);
        (bool funded,) = twin.call(abi.encodeCall(TOKEN.mint, (payment.terms.from, payment.terms.value + 1)));
        yes("funded", funded);

        bytes memory call = data(payment.terms, payment.way, sign(payment));
        refused("at the twin", sender(payment), twin, call, because(INVALID));
    }

    function testFuzz_one_purpose_does_not_serve_another(Payment memory payment) public {
        sound(payment);
        Signature memory signature = sign(payment);
        payment.way.receives = !payment.way.receives;
        failsToPay("through the other entry", payment, signature, INVALID);

        bytes memory call = cancelData(payment.terms.from, payment.terms.nonce, payment.way.packed, signature);
        refused("as a cancellation", RELAYER, address(TOKEN), call, because(INVALID));

        Signature memory cancellation = signCancel(payment.key, payment.terms.from, payment.terms.nonce);
        failsToPay("a cancellation as a payment", payment, cancellation, INVALID);
    }

    function testFuzz_only_the_payer_cancels(Payment memory payment, uint256 stranger, bool asBytes) public {
        sound(payment);
        (address from, bytes32 nonce) = (payment.terms.from, payment.terms.nonce);
        Signature memory theirs = signCancel(otherKey(stranger, payment.key), from, nonce);
        Signature memory own = signCancel(payment.key, from, nonce);

        refused("a stranger", RELAYER, address(TOKEN), cancelData(from, nonce, asBytes, theirs), because(INVALID));
        bytes memory call = cancelData(from, nonce, asBytes, malleated(own));
        refused("the second encoding", RELAYER, address(TOKEN), call, because(BAD_S));
        call = cancelData(from, nonce ^ bytes32(uint256(1)), asBytes, own);
        refused("another nonce", RELAYER, address(TOKEN), call, because(INVALID));
        pays("what nobody cancelled", payment, sign(payment));
    }
}
