// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Permit2World} from "./Permit2World.sol";

/// @title Payments through the `upto` proxy, typed and encoded as its clients do
abstract contract UptoWorld is Permit2World {
    bytes32 private constant WITNESS = keccak256("Witness(address to,address facilitator,uint256 validAfter)");
    bytes32 private constant TRANSFER_WITH_WITNESS = keccak256(
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)"
    );
    string private constant SETTLE =
        "settle(((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)";
    string private constant SETTLE_WITH_PERMIT =
        "settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)";

    struct UptoWitness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    function signUpto(Offer memory offer) internal view returns (bytes memory) {
        bytes32 witness = keccak256(abi.encode(WITNESS, offer.to, offer.facilitator, offer.validAfter));
        bytes32 digest = permit2Digest(offer.permit, TRANSFER_WITH_WITNESS, UPTO, witness);
        return packed(signed(offer.key, digest));
    }

    function uptoData(Offer memory offer, uint256 amount, bytes memory signature) internal pure returns (bytes memory) {
        UptoWitness memory witness = UptoWitness(offer.to, offer.facilitator, offer.validAfter);
        return abi.encodeWithSignature(SETTLE, offer.permit, amount, offer.owner, witness, signature);
    }

    function uptoData(Offer memory offer, uint256 amount, bytes memory signature, Eip2612Permit memory permit2612)
        internal
        pure
        returns (bytes memory)
    {
        UptoWitness memory witness = UptoWitness(offer.to, offer.facilitator, offer.validAfter);
        return
            abi.encodeWithSignature(
                SETTLE_WITH_PERMIT, permit2612, offer.permit, amount, offer.owner, witness, signature
            );
    }
}
