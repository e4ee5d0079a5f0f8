// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Typed data bound to this token on this chain (EIP-712)
abstract contract Eip712 {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice The token's name, which is the domain's name.
    function name() public view virtual returns (string memory);

    /// @notice The domain's version.
    function version() public view virtual returns (string memory);

    /// @notice The domain separator (EIP-712).
    /// @dev Computed on every call, as FiatToken v2.2 does: code placed at another address, or a chain that changes its id, never
    /// honours a signature made for the former.
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256(bytes(name())), keccak256(bytes(version())), block.chainid, address(this)
            )
        );
    }

    /// @dev The digest a payer signs: `0x1901 ‖ domain ‖ struct`.
    function _typedDataHash(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR(), structHash));
    }
}
