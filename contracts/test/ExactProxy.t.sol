// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ExactWorld} from "./support/ExactWorld.sol";

/// @title `exact`: the signed amount, whole, to the signed payee, once; the relayer decides nothing
contract ExactProxyTest is ExactWorld {
    function testFuzz_pays_the_signed_amount_to_the_signed_payee(Offer memory offer, bool usdc, address relayer)
        public
    {
        sound(offer, usdc);
        uint256 before = balance(offer, offer.to);
        passes("settle", relayer, EXACT, exactData(offer, signExact(offer)));
        same("the payee", balance(offer, offer.to), before + offer.permit.permitted.amount);
        same("the payer", balance(offer, offer.owner), (1 << 128) - offer.permit.permitted.amount);
    }

    function testFuzz_the_relayer_can_change_nothing(Offer memory offer, bool usdc, uint256 field, uint256 seed)
        public
    {
        sound(offer, usdc);
        bytes memory signature = signExact(offer);
        change(offer, bound(field, 0, 6), seed);
        refused("a changed field", RELAYER, EXACT, exactData(offer, signature), abi.encodePacked(INVALID_SIGNER));
        same("the payer", balance(offer, offer.owner), 1 << 128);
    }

    function testFuzz_a_stranger_or_another_chain_signs_nothing(
        Offer memory offer,
        bool usdc,
        uint256 stranger,
        uint64 chain
    ) public {
        sound(offer, usdc);
        bytes memory own = signExact(offer);
        offer.key = otherKey(stranger, offer.key);
        bytes memory call = exactData(offer, signExact(offer));
        refused("a stranger", RELAYER, EXACT, call, abi.encodePacked(INVALID_SIGNER));

        vm.chainId(another(BASE, chain, 1, type(uint64).max));
        refused("another chain", RELAYER, EXACT, exactData(offer, own), abi.encodePacked(INVALID_SIGNER));
    }

    function testFuzz_pays_once(Offer memory offer, bool usdc, bool again) public {
        sound(offer, usdc);
        bytes memory call = exactData(offer, signExact(offer));
        passes("the first time", RELAYER, EXACT, call);
        if (again) change(offer, 5, offer.validAfter);
        call = exactData(offer, signExact(offer));
        refused("the second time", RELAYER, EXACT, call, abi.encodePacked(INVALID_NONCE));
    }

    function testFuzz_holds_from_validAfter_to_the_deadline_both_included(Offer memory offer, bool usdc, uint64 time)
        public
    {
        sound(offer, usdc);
        offer.validAfter = NOW - 10;
        offer.permit.deadline = NOW + 10;
        time = uint64(bound(time, NOW - 13, NOW + 13));
        vm.warp(time);

        bytes memory call = exactData(offer, signExact(offer));
        if (time < NOW - 10) return refused("early", RELAYER, EXACT, call, fault("PaymentTooEarly()"));
        bytes memory expired = abi.encodeWithSignature("SignatureExpired(uint256)", NOW + 10);
        if (time > NOW + 10) return refused("late", RELAYER, EXACT, call, expired);
        passes("in time", RELAYER, EXACT, call);
    }

    function testFuzz_the_signature_names_the_proxy_as_spender(Offer memory offer, bool usdc, address spender) public {
        sound(offer, usdc);
        spender = account(spender, EXACT);
        bytes memory call = exactData(offer, signExactFor(offer, spender));
        refused("another spender's", RELAYER, EXACT, call, abi.encodePacked(INVALID_SIGNER));

        // With the proxy's own, a relayer gets nowhere at Permit2: there the caller is the spender.
        call = abi.encodeWithSignature(
            "permitWitnessTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,bytes32,string,bytes)",
            offer.permit,
            TokenPermissions(RELAYER, offer.permit.permitted.amount),
            offer.owner,
            exactWitness(offer),
            "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)",
            signExact(offer)
        );
        refused("past the proxy", RELAYER, PERMIT2, call, abi.encodePacked(INVALID_SIGNER));
    }

    function testFuzz_pays_something_by_somebody_to_somebody(Offer memory offer, bool usdc) public {
        sound(offer, usdc);
        (address owner, address to, uint256 amount) = (offer.owner, offer.to, offer.permit.permitted.amount);
        bytes memory signature = signExact(offer);
        offer.permit.permitted.amount = 0;
        refused("nothing", RELAYER, EXACT, exactData(offer, signature), fault("InvalidAmount()"));
        (offer.permit.permitted.amount, offer.owner) = (amount, address(0));
        refused("by nobody", RELAYER, EXACT, exactData(offer, signature), fault("InvalidOwner()"));
        (offer.owner, offer.to) = (owner, address(0));
        refused("to nobody", RELAYER, EXACT, exactData(offer, signature), fault("InvalidDestination()"));

        offer.to = to;
        vm.etch(PERMIT2, "");
        bytes memory call = exactData(offer, signature);
        refused("without Permit2", RELAYER, EXACT, call, fault("InvalidPermit2Address()"));
    }

    function testFuzz_approves_and_pays_at_once(Offer memory offer, bool sentBefore) public {
        sound(offer, true);
        approve(offer.owner, 0);
        uint256 amount = offer.permit.permitted.amount;
        Eip2612Permit memory permit2612 = sign2612(offer.key, amount);
        if (sentBefore) {
            // Whoever saw the permit may send it first; the payment must go through all the same.
            bytes memory permit = abi.encodeWithSignature(
                "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
                offer.owner,
                PERMIT2,
                amount,
                type(uint256).max,
                Signature(permit2612.v, permit2612.r, permit2612.s)
            );
            passes("the permit alone", RELAYER, address(TOKEN), permit);
        }
        uint256 before = balance(offer, offer.to);
        passes("settleWithPermit", RELAYER, EXACT, exactData(offer, signExact(offer), permit2612));
        same("the payee", balance(offer, offer.to), before + amount);
        same("the allowance left", TOKEN.allowance(offer.owner, PERMIT2), 0);
    }

    function testFuzz_the_approval_is_of_the_amount_paid(Offer memory offer, bool usdc, uint256 value) public {
        sound(offer, usdc);
        value = another(offer.permit.permitted.amount, value, 0, type(uint256).max);
        bytes memory call = exactData(offer, signExact(offer), sign2612(offer.key, value));
        refused("another amount", RELAYER, EXACT, call, fault("Permit2612AmountMismatch()"));
    }

    function testFuzz_a_permit_that_fails_is_passed_over(Offer memory offer, bool usdc, Eip2612Permit memory permit2612)
        public
    {
        sound(offer, usdc);
        permit2612.value = offer.permit.permitted.amount;
        bytes memory call = exactData(offer, signExact(offer), permit2612);

        approve(offer.owner, 0);
        refused("without an approval", RELAYER, EXACT, call, because("TRANSFER_FROM_FAILED"));
        approve(offer.owner, type(uint256).max);
        passes("with one", RELAYER, EXACT, call);
    }
}
