// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {UptoWorld} from "./support/UptoWorld.sol";

/// @title `upto`: at most the signed amount, to the signed payee, once, by the signed facilitator alone
contract UptoProxyTest is UptoWorld {
    function testFuzz_takes_what_the_facilitator_asks_and_never_more_than_permitted(
        Offer memory offer,
        bool usdc,
        uint256 amount
    ) public {
        sound(offer, usdc);
        uint256 permitted = offer.permit.permitted.amount;
        amount = bound(amount, 0, permitted);
        uint256 before = balance(offer, offer.to);
        bytes memory signature = signUpto(offer);

        passes("settle", offer.facilitator, UPTO, uptoData(offer, amount, signature));
        same("the payee", balance(offer, offer.to), before + amount);
        same("the payer", balance(offer, offer.owner), (1 << 128) - amount);

        // What was left over is gone with the nonce.
        bytes memory call = uptoData(offer, permitted - amount, signature);
        refused("the rest", offer.facilitator, UPTO, call, abi.encodePacked(INVALID_NONCE));
    }

    function testFuzz_more_than_permitted_is_refused(Offer memory offer, bool usdc, uint256 amount, bool withPermit)
        public
    {
        sound(offer, usdc);
        uint256 permitted = offer.permit.permitted.amount;
        amount = bound(amount, permitted + 1, type(uint256).max);
        bytes memory signature = signUpto(offer);
        bytes memory call = withPermit
            ? uptoData(offer, amount, signature, sign2612(offer.key, permitted))
            : uptoData(offer, amount, signature);

        refused("too much", offer.facilitator, UPTO, call, fault("AmountExceedsPermitted()"));
        same("the payer", balance(offer, offer.owner), 1 << 128);
    }

    function testFuzz_only_the_signed_facilitator_settles(Offer memory offer, bool usdc, address caller, uint256 amount)
        public
    {
        sound(offer, usdc);
        amount = bound(amount, 0, offer.permit.permitted.amount);
        bytes memory signature = signUpto(offer);
        bytes memory call = uptoData(offer, amount, signature);
        bytes memory unauthorized = fault("UnauthorizedFacilitator()");
        caller = account(caller, offer.facilitator);

        refused("another", caller, UPTO, call, unauthorized);
        refused("the payer", offer.owner, UPTO, call, unauthorized);
        if (offer.to != offer.facilitator) refused("the payee", offer.to, UPTO, call, unauthorized);

        // Nor does it help to claim to be the facilitator: the payer signed who that is.
        address facilitator = offer.facilitator;
        offer.facilitator = caller;
        bytes memory forged = uptoData(offer, amount, signature);
        refused("an impostor", caller, UPTO, forged, abi.encodePacked(INVALID_SIGNER));
        passes("the facilitator", facilitator, UPTO, call);
    }

    function testFuzz_the_facilitator_can_change_nothing_else(
        Offer memory offer,
        bool usdc,
        uint256 field,
        uint256 seed,
        uint256 amount
    ) public {
        sound(offer, usdc);
        bytes memory signature = signUpto(offer);
        change(offer, bound(field, 0, 6), seed);
        bytes memory call = uptoData(offer, bound(amount, 0, offer.permit.permitted.amount), signature);

        refused("a changed field", offer.facilitator, UPTO, call, abi.encodePacked(INVALID_SIGNER));
        same("the payer", balance(offer, offer.owner), 1 << 128);
    }

    function testFuzz_a_stranger_or_another_chain_signs_nothing(
        Offer memory offer,
        bool usdc,
        uint256 stranger,
        uint64 chain
    ) public {
        sound(offer, usdc);
        bytes memory own = signUpto(offer);
        offer.key = otherKey(stranger, offer.key);
        bytes memory call = uptoData(offer, 1, signUpto(offer));
        refused("a stranger", offer.facilitator, UPTO, call, abi.encodePacked(INVALID_SIGNER));

        vm.chainId(another(BASE, chain, 1, type(uint64).max));
        call = uptoData(offer, 1, own);
        refused("another chain", offer.facilitator, UPTO, call, abi.encodePacked(INVALID_SIGNER));
    }

    function testFuzz_holds_from_validAfter_to_the_deadline_both_included(Offer memory offer, bool usdc, uint64 time)
        public
    {
        sound(offer, usdc);
        offer.validAfter = NOW - 10;
        offer.permit.deadline = NOW + 10;
        time = uint64(bound(time, NOW - 13, NOW + 13));
        vm.warp(time);

        bytes memory call = uptoData(offer, 1, signUpto(offer));
        if (time < NOW - 10) return refused("early", offer.facilitator, UPTO, call, fault("PaymentTooEarly()"));
        bytes memory expired = abi.encodeWithSignature("SignatureExpired(uint256)", NOW + 10);
        if (time > NOW + 10) return refused("late", offer.facilitator, UPTO, call, expired);
        passes("in time", offer.facilitator, UPTO, call);
    }

    function testFuzz_pays_by_somebody_to_somebody(Offer memory offer, bool usdc) public {
        sound(offer, usdc);
        (address owner, bytes memory signature) = (offer.owner, signUpto(offer));
        offer.owner = address(0);
        refused("by nobody", offer.facilitator, UPTO, uptoData(offer, 1, signature), fault("InvalidOwner()"));
        (offer.owner, offer.to) = (owner, address(0));
        bytes memory call = uptoData(offer, 1, signature);
        refused("to nobody", offer.facilitator, UPTO, call, fault("InvalidDestination()"));
    }

    function testFuzz_approves_the_permitted_and_pays_at_once(Offer memory offer, uint256 amount) public {
        sound(offer, true);
        approve(offer.owner, 0);
        uint256 permitted = offer.permit.permitted.amount;
        amount = bound(amount, 0, permitted);
        uint256 before = balance(offer, offer.to);

        bytes memory call = uptoData(offer, amount, signUpto(offer), sign2612(offer.key, permitted));
        passes("settleWithPermit", offer.facilitator, UPTO, call);
        same("the payee", balance(offer, offer.to), before + amount);
        same("the allowance left", TOKEN.allowance(offer.owner, PERMIT2), permitted - amount);
    }

    function testFuzz_the_approval_is_of_the_permitted_amount(Offer memory offer, bool usdc, uint256 value) public {
        sound(offer, usdc);
        value = another(offer.permit.permitted.amount, value, 0, type(uint256).max);
        bytes memory call = uptoData(offer, 1, signUpto(offer), sign2612(offer.key, value));
        refused("another amount", offer.facilitator, UPTO, call, fault("Permit2612AmountMismatch()"));
    }
}
