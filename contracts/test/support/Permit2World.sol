// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IFiatToken, TokenWorld} from "./TokenWorld.sol";

/// @title Permit2 as Uniswap built it, both proxies, and two tokens to pay with
abstract contract Permit2World is TokenWorld {
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    address internal constant EXACT = 0x402085c248EeA27D92E8b30b2C58ed07f9E20001;
    address internal constant UPTO = 0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002;
    address internal constant CREATE2_DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    bytes32 internal constant TOKEN_PERMISSIONS = keccak256("TokenPermissions(address token,uint256 amount)");

    bytes4 internal constant INVALID_SIGNER = bytes4(keccak256("InvalidSigner()"));
    bytes4 internal constant INVALID_NONCE = bytes4(keccak256("InvalidNonce()"));

    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct Permit {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct Eip2612Permit {
        uint256 value;
        uint256 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    /// @dev A payment drawn at random. `exact` leaves the facilitator unsigned.
    struct Offer {
        uint256 key;
        address owner;
        Permit permit;
        address to;
        address facilitator;
        uint256 validAfter;
    }

    /// @dev A plain ERC-20: no EIP-2612, no EIP-3009.
    IFiatToken internal tmai;

    function setUp() public virtual override {
        super.setUp();
        place("X402ExactPermit2Proxy", EXACT);
        place("X402UptoPermit2Proxy", UPTO);
        tmai = _deployTmai();

        string memory json = artifactJson("Permit2");
        bytes memory code = vm.parseJsonBytes(json, ".bytecode");
        bytes memory call = abi.encodePacked(vm.parseJsonBytes32(json, ".salt"), code);
        passes("CREATE2", RELAYER, CREATE2_DEPLOYER, call);
        yes("Permit2 stands at its address", PERMIT2.code.length > 0);
    }

    /// @dev Makes random words an offer that holds now, is covered, and whose owner has approved Permit2.
    function sound(Offer memory offer, bool usdc) internal {
        offer.key = key(offer.key);
        offer.owner = vm.addr(offer.key);
        offer.to = account(offer.to, offer.owner);
        offer.facilitator = account(offer.facilitator, offer.owner);
        offer.validAfter = bound(offer.validAfter, 0, NOW);
        offer.permit.deadline = bound(offer.permit.deadline, NOW, type(uint256).max);
        offer.permit.permitted.token = address(usdc ? TOKEN : tmai);
        offer.permit.permitted.amount = bound(offer.permit.permitted.amount, 1, 1 << 128);
        endow(offer.owner, 1 << 128);
    }

    /// @dev Covers an account in both tokens and lets Permit2 move them.
    function endow(address owner, uint256 value) internal {
        fund(owner, value);
        tmai.transfer(owner, value);
        approve(owner, type(uint256).max);
    }

    function approve(address owner, uint256 value) internal {
        bytes memory call = abi.encodeCall(TOKEN.approve, (PERMIT2, value));
        passes("approve USDC", owner, address(TOKEN), call);
        passes("approve TMAI", owner, address(tmai), call);
    }

    /// @dev What the owner signs for Permit2, given the proxy's own part (EIP-712).
    function permit2Digest(Permit memory permit, bytes32 typeHash, address spender, bytes32 witness)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                block.chainid,
                PERMIT2
            )
        );
        bytes32 permitted = keccak256(abi.encode(TOKEN_PERMISSIONS, permit.permitted));
        bytes32 structHash = keccak256(abi.encode(typeHash, permitted, spender, permit.nonce, permit.deadline, witness));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @dev The owner's EIP-2612 approval of Permit2 in USDC.
    function sign2612(uint256 privateKey, uint256 value) internal view returns (Eip2612Permit memory) {
        address owner = vm.addr(privateKey);
        bytes32 structHash =
            keccak256(abi.encode(PERMIT, owner, PERMIT2, value, TOKEN.nonces(owner), type(uint256).max));
        Signature memory signature = signed(privateKey, typed(structHash));
        return Eip2612Permit(value, type(uint256).max, signature.r, signature.s, signature.v);
    }

    /// @dev Changes one of the fields that both proxies' payers sign, to another that could be settled as well.
    function change(Offer memory offer, uint256 field, uint256 seed) internal {
        Permit memory permit = offer.permit;
        if (field == 0) offer.owner = vm.addr(otherKey(seed, offer.key));
        if (field == 1) offer.to = account(address(uint160(seed)), offer.to);
        if (field == 2) offer.validAfter = another(offer.validAfter, seed, 0, NOW);
        if (field == 3) permit.nonce = another(permit.nonce, seed, 0, type(uint256).max);
        if (field == 4) permit.deadline = another(permit.deadline, seed, NOW, type(uint256).max);
        if (field == 5) permit.permitted.amount = another(permit.permitted.amount, seed, 1, 1 << 128);
        if (field == 6) {
            permit.permitted.token = address(permit.permitted.token == address(TOKEN) ? tmai : TOKEN);
        }
        if (field == 0) endow(offer.owner, 1 << 128);
    }

    function fault(string memory signature) internal pure returns (bytes memory) {
        return abi.encodeWithSignature(signature);
    }

    function balance(Offer memory offer, address holder) internal view returns (uint256) {
        return IFiatToken(offer.permit.permitted.token).balanceOf(holder);
    }

    function _deployTmai() private returns (IFiatToken token) {
        bytes memory code = vm.parseJsonBytes(artifactJson("Tmai"), ".bytecode");
        bytes memory creation = abi.encodePacked(code, abi.encode(address(this), type(uint256).max));
        assembly ("memory-safe") {
            token := create(0, add(creation, 0x20), mload(creation))
        }
        yes("TMAI stands", address(token).code.length > 0);
    }
}
