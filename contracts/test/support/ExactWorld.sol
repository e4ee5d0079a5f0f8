// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Permit2World} from "./Permit2World.sol";

/// @title Payments through the `exact` proxy, typed and encoded as its clients do
abstract contract ExactWorld is Permit2World {
    bytes32 private constant WITNESS = keccak256("Witness(address to,uint256 validAfter)");
    bytes32 private constant TRANSFER_WITH_WITNESS = keccak256(
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)"
    );
    string private constant SETTLE = "settle(((address,uint256),uint256,uint256),address,(address,uint256),bytes)";
    string private constant SETTLE_WITH_PERMIT =
        "settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint256),address,(address,uint256),bytes)";

    struct ExactWitness {
        address to;
        uint256 validAfter;
    }

    function signExact(Offer memory offer) internal view returns (bytes memory) {
        return signExactFor(offer, EXACT);
    }

    function signExactFor(Offer memory offer, address spender) internal view returns (bytes memory) {
        bytes32 digest = permit2Digest(offer.permit, TRANSFER_WITH_WITNESS, spender, exactWitness(offer));
        return packed(signed(offer.key, digest));
    }

    function exactWitness(Offer memory offer) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITNESS, offer.to, offer.validAfter));
    }

    function exactData(Offer memory offer, bytes memory signature) internal pure returns (bytes memory) {
        ExactWitness memory witness = ExactWitness(offer.to, offer.validAfter);
        return abi.encodeWithSignature(SETTLE, offer.permit, offer.owner, witness, signature);
    }

    function exactData(Offer memory offer, bytes memory signature, Eip2612Permit memory permit2612)
        internal
        pure
        returns (bytes memory)
    {
        ExactWitness memory witness = ExactWitness(offer.to, offer.validAfter);
        return abi.encodeWithSignature(SETTLE_WITH_PERMIT, permit2612, offer.permit, offer.owner, witness, signature);
    }
}
