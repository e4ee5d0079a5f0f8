// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Contract signatures (ERC-1271)
interface IERC1271 {
    /// @notice Answers 0x1626ba7e when `signature` is the contract's own over `digest`.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);
}

/// @title Who signed a digest
/// @notice Accepts and refuses what Circle's SignatureChecker and ECRecover (FiatToken v2.2) do, with the same strings.
library Signatures {
    /// @dev secp256k1n / 2, the highest `s` of EIP-2: above it lies the second encoding of a signature already seen.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Whether `signer` signed `digest`: by ECDSA for a bare account, by ERC-1271 for one with code.
    /// @dev An EIP-7702 account has code, hence answers through ERC-1271 as well.
    function isValid(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (signer.code.length == 0) return recover(digest, signature) == signer;

        // A low-level call, because a wallet that reverts or answers too little is a refusal and no failure of ours.
        (bool success, bytes memory answer) =
            signer.staticcall(abi.encodeCall(IERC1271.isValidSignature, (digest, signature)));
        return success && answer.length >= 32
            && abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @notice The account whose 65 bytes `r ‖ s ‖ v` sign `digest`; reverts on every other encoding.
    function recover(bytes32 digest, bytes memory signature) internal pure returns (address signer) {
        require(signature.length == 65, "ECRecover: invalid signature length");

        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }

        require(uint256(s) <= HALF_ORDER, "ECRecover: invalid signature 's' value");
        require(v == 27 || v == 28, "ECRecover: invalid signature 'v' value");
        signer = ecrecover(digest, v, r, s);
        require(signer != address(0), "ECRecover: invalid signature");
    }
}
