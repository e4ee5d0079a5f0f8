// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenWorld} from "./support/TokenWorld.sol";

/// @title A wallet that answers as it is told, and understands the digest it is told
contract Wallet {
    bytes32 private accepted;
    bytes private answer;
    bool private reverts;

    function accept(bytes32 digest, bytes memory signature) external {
        accepted = keccak256(abi.encode(digest, signature));
        answer = abi.encode(bytes4(0x1626ba7e));
    }

    function tell(bytes memory answer_, bool reverts_) external {
        answer = answer_;
        reverts = reverts_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bytes memory words = answer;
        if (keccak256(abi.encode(digest, signature)) != accepted) words = abi.encode(bytes4(0xffffffff));
        bool fail = reverts;
        assembly ("memory-safe") {
            if fail { revert(add(words, 0x20), mload(words)) }
            return(add(words, 0x20), mload(words))
        }
    }
}

/// @title A payer with code decides for itself what its signature is (ERC-1271), an EIP-7702 account included
contract Erc1271Test is TokenWorld {
    string private constant INVALID = "FiatTokenV2: invalid signature";

    function testFuzz_a_wallet_pays_with_any_bytes_it_accepts(Payment memory payment, bytes memory signature) public {
        Wallet wallet = _walletOf(payment);
        wallet.accept(_digest(payment), signature);
        bytes memory call = data(payment.terms, payment.way, signature);
        bytes memory other = data(payment.terms, payment.way, abi.encodePacked(signature, uint8(1)));

        refused("bytes it knows not", sender(payment), address(TOKEN), other, because(INVALID));
        passes("bytes it accepts", sender(payment), address(TOKEN), call);
        yes("spent", TOKEN.authorizationState(address(wallet), payment.terms.nonce));
    }

    function testFuzz_a_wallet_is_asked_about_every_field(Payment memory payment, bytes memory signature) public {
        Wallet wallet = _walletOf(payment);
        wallet.accept(_digest(payment), signature);
        payment.terms.validBefore = another(payment.terms.validBefore, 0, NOW + 1, type(uint256).max);
        bytes memory call = data(payment.terms, payment.way, signature);
        refused("other terms", sender(payment), address(TOKEN), call, because(INVALID));
    }

    function testFuzz_anything_but_the_magic_value_refuses(Payment memory payment, bytes memory answer, bool reverts)
        public
    {
        Wallet wallet = _walletOf(payment);
        wallet.accept(_digest(payment), "");
        bool magic = answer.length >= 32 && bytes32(answer) == bytes32(bytes4(0x1626ba7e));
        wallet.tell(answer, reverts || magic);
        bytes memory call = data(payment.terms, payment.way, bytes(""));
        refused("another answer", sender(payment), address(TOKEN), call, because(INVALID));
    }

    function testFuzz_the_magic_value_cut_short_refuses(Payment memory payment, uint8 length) public {
        Wallet wallet = _walletOf(payment);
        wallet.accept(_digest(payment), "");
        bytes memory answer = abi.encode(bytes4(0x1626ba7e));
        uint256 short = bound(length, 0, 31);
        assembly ("memory-safe") {
            mstore(answer, short)
        }
        wallet.tell(answer, false);
        bytes memory call = data(payment.terms, payment.way, bytes(""));
        refused("half an answer", sender(payment), address(TOKEN), call, because(INVALID));
    }

    function testFuzz_an_account_that_gained_code_no_longer_pays_by_its_key(Payment memory payment) public {
        sound(payment);
        Signature memory signature = sign(payment);
        vm.etch(payment.terms.from, type(Wallet).runtimeCode);
        failsToPay("by its key", payment, signature, INVALID);
    }

    function testFuzz_a_wallet_permits_and_cancels(Payment memory payment, bytes memory signature) public {
        Wallet wallet = _walletOf(payment);
        bytes32 permit = keccak256(abi.encode(PERMIT, wallet, RELAYER, payment.terms.value, 0, NOW));
        wallet.accept(typed(permit), signature);
        bytes memory call = abi.encodeWithSignature(
            "permit(address,address,uint256,uint256,bytes)", wallet, RELAYER, payment.terms.value, NOW, signature
        );
        passes("its permit", RELAYER, address(TOKEN), call);
        same("the allowance", TOKEN.allowance(address(wallet), RELAYER), payment.terms.value);

        wallet.accept(typed(keccak256(abi.encode(CANCEL, wallet, payment.terms.nonce))), signature);
        call = abi.encodeWithSignature(
            "cancelAuthorization(address,bytes32,bytes)", wallet, payment.terms.nonce, signature
        );
        passes("its cancellation", RELAYER, address(TOKEN), call);
        yes("spent", TOKEN.authorizationState(address(wallet), payment.terms.nonce));
    }

    /// @dev Makes the payer a wallet; `bytes` is the only overload that carries what a wallet signs.
    function _walletOf(Payment memory payment) private returns (Wallet wallet) {
        sound(payment);
        wallet = new Wallet();
        payment.terms.from = address(wallet);
        payment.terms.to = account(payment.terms.to, address(wallet));
        payment.way.packed = true;
        fund(address(wallet), payment.terms.value);
    }

    function _digest(Payment memory payment) private view returns (bytes32) {
        return typed(keccak256(abi.encode(payment.way.receives ? RECEIVE : TRANSFER, payment.terms)));
    }
}
