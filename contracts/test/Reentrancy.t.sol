// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ExactWorld} from "./support/ExactWorld.sol";
import {UptoWorld} from "./support/UptoWorld.sol";

/// @title A token that calls back in the middle of its own transfer, or of its own permit
contract HostileToken {
    address private target;
    bytes private call;
    bytes4 public answer;

    function aim(address target_, bytes calldata call_) external {
        (target, call, answer) = (target_, call_, 0);
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        _callBack();
        return true;
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {
        _callBack();
    }

    function _callBack() private {
        (bool success, bytes memory reason) = target.call(call);
        answer = success ? bytes4(0xffffffff) : bytes4(reason);
    }
}

/// @title A settlement cannot be entered a second time before it is over, and can be once it is
contract ReentrancyTest is ExactWorld, UptoWorld {
    bytes4 private constant SHUT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    HostileToken private hostile;

    function setUp() public override {
        super.setUp();
        hostile = new HostileToken();
    }

    function testFuzz_exact_is_shut_to_the_token_it_moves(Offer memory offer, bool withPermit) public {
        _aim(offer);
        bytes memory inner = exactData(offer, signExact(offer));
        hostile.aim(EXACT, inner);

        offer.permit.nonce ^= 1;
        bytes memory signature = signExact(offer);
        Eip2612Permit memory permit2612;
        permit2612.value = offer.permit.permitted.amount;
        bytes memory outer = withPermit ? exactData(offer, signature, permit2612) : exactData(offer, signature);

        passes("the outer settlement", RELAYER, EXACT, outer);
        same("what the token was told", hostile.answer(), SHUT);
        passes("what it tried to slip in", RELAYER, EXACT, inner);
    }

    function testFuzz_upto_is_shut_to_the_token_it_moves(Offer memory offer, bool withPermit) public {
        _aim(offer);
        // The worst case: the token is the facilitator.
        offer.facilitator = address(hostile);
        bytes memory inner = uptoData(offer, 1, signUpto(offer));
        hostile.aim(UPTO, inner);

        offer.permit.nonce ^= 1;
        bytes memory signature = signUpto(offer);
        Eip2612Permit memory permit2612;
        permit2612.value = offer.permit.permitted.amount;
        bytes memory outer = withPermit ? uptoData(offer, 1, signature, permit2612) : uptoData(offer, 1, signature);

        passes("the outer settlement", address(hostile), UPTO, outer);
        same("what the token was told", hostile.answer(), SHUT);
        passes("what it tried to slip in", address(hostile), UPTO, inner);
    }

    function testFuzz_a_refused_settlement_leaves_the_door_open(Offer memory offer, bool usdc) public {
        sound(offer, usdc);
        bytes memory call = exactData(offer, signExact(offer));
        approve(offer.owner, 0);
        refused("without an approval", RELAYER, EXACT, call, because("TRANSFER_FROM_FAILED"));
        approve(offer.owner, type(uint256).max);
        passes("with one", RELAYER, EXACT, call);
    }

    function _aim(Offer memory offer) private {
        sound(offer, true);
        offer.permit.permitted.token = address(hostile);
    }
}
