// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Check} from "./Check.sol";

/// @title What tests read from the token, and what its accounts send themselves
interface IFiatToken {
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function allowance(address owner, address spender) external view returns (uint256);
    function approve(address spender, uint256 value) external returns (bool);
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function decimals() external view returns (uint8);
    function mint(address to, uint256 amount) external returns (bool);
    function name() external view returns (string memory);
    function nonces(address owner) external view returns (uint256);
    function symbol() external view returns (string memory);
    function totalSupply() external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function version() external view returns (string memory);
}

/// @title USDC at its address on Base, and authorizations for it
/// @notice Type hashes are written out as EIP-3009 and EIP-2612 print them, so that a typing error in the token shows.
abstract contract TokenWorld is Check {
    IFiatToken internal constant TOKEN = IFiatToken(0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913);
    address internal constant MINTER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
    address internal constant RELAYER = address(0xBEEF);
    uint256 internal constant BASE = 8453;
    uint256 internal constant NOW = 1_800_000_000;

    bytes32 internal constant TRANSFER = 0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267;
    bytes32 internal constant RECEIVE = 0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8;
    bytes32 internal constant CANCEL = 0x158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429;
    bytes32 internal constant PERMIT = 0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9;

    struct Authorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    /// @dev Which of the four entry points is taken: by payee or by relayer, with `bytes` or with `v, r, s`.
    struct Way {
        bool receives;
        bool packed;
    }

    /// @dev A payment drawn at random, signed by the account of `key`, through one of the four entry points.
    struct Payment {
        uint256 key;
        Authorization terms;
        Way way;
    }

    function setUp() public virtual {
        vm.chainId(BASE);
        vm.warp(NOW);
        place("FiatTokenLike", address(TOKEN));
    }

    /// @dev Makes random words a payment that holds now and is covered.
    function sound(Payment memory payment) internal {
        payment.key = key(payment.key);
        Authorization memory terms = payment.terms;
        terms.from = vm.addr(payment.key);
        terms.to = account(terms.to, terms.from);
        terms.validAfter = bound(terms.validAfter, 0, NOW - 1);
        terms.validBefore = bound(terms.validBefore, NOW + 1, type(uint256).max);
        terms.value = bound(terms.value, 0, 1 << 128);
        fund(terms.from, terms.value);
    }

    function fund(address holder, uint256 value) internal {
        if (value == 0) return;
        vm.prank(MINTER);
        TOKEN.mint(holder, value);
    }

    function typed(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", TOKEN.DOMAIN_SEPARATOR(), structHash));
    }

    function sign(Payment memory payment) internal view returns (Signature memory) {
        bytes32 typeHash = payment.way.receives ? RECEIVE : TRANSFER;
        return signed(payment.key, typed(keccak256(abi.encode(typeHash, payment.terms))));
    }

    function signCancel(uint256 privateKey, address authorizer, bytes32 nonce)
        internal
        view
        returns (Signature memory)
    {
        return signed(privateKey, typed(keccak256(abi.encode(CANCEL, authorizer, nonce))));
    }

    function sender(Payment memory payment) internal pure returns (address) {
        return payment.way.receives ? payment.terms.to : RELAYER;
    }

    /// @dev A struct of static members is encoded as its members one after the other.
    function data(Authorization memory terms, Way memory way, Signature memory signature)
        internal
        pure
        returns (bytes memory)
    {
        if (way.packed) return data(terms, way, packed(signature));
        string memory entry = way.receives
            ? "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
            : "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
        return abi.encodePacked(bytes4(keccak256(bytes(entry))), abi.encode(terms, signature));
    }

    function data(Authorization memory terms, Way memory way, bytes memory signature)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSignature(
            way.receives
                ? "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
                : "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            terms.from,
            terms.to,
            terms.value,
            terms.validAfter,
            terms.validBefore,
            terms.nonce,
            signature
        );
    }

    function cancelData(address authorizer, bytes32 nonce, bool asBytes, Signature memory signature)
        internal
        pure
        returns (bytes memory)
    {
        if (asBytes) {
            return
                abi.encodeWithSignature(
                    "cancelAuthorization(address,bytes32,bytes)", authorizer, nonce, packed(signature)
                );
        }
        return abi.encodeWithSignature(
            "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)", authorizer, nonce, signature
        );
    }

    function pays(string memory what, Payment memory payment, Signature memory signature) internal {
        passes(what, sender(payment), address(TOKEN), data(payment.terms, payment.way, signature));
    }

    function failsToPay(string memory what, Payment memory payment, Signature memory signature, string memory reason)
        internal
    {
        bytes memory call = data(payment.terms, payment.way, signature);
        refused(what, sender(payment), address(TOKEN), call, because(reason));
    }
}
